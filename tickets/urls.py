"""Pages of this room; included by config.urls."""

app_name = "tickets"
urlpatterns = []
