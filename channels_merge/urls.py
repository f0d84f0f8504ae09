"""Pages of this room; included by config.urls."""

app_name = "channels_merge"
urlpatterns = []
