"""Pages of this room; included by config.urls."""

from django.urls import path

from supervision.views import wall

app_name = "supervision"

urlpatterns = [path("supervision/", wall.wall, name="wall")]
