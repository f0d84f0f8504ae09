"""Pages of this room; included by config.urls."""

from django.urls import include, path

app_name = "channels_merge"
urlpatterns = [
    path("api/v1/", include("channels_merge.api.urls")),
]
