"""Pages of this room; included by config.urls."""

from django.urls import path

from supervision.views import joint, wall

app_name = "supervision"

urlpatterns = [
    path("supervision/", wall.wall, name="wall"),
    path("joint-supervision/", joint.joint, name="joint"),
    path("joint-supervision/<int:joint_id>/", joint.peek, name="joint-peek"),
    path("joint-supervision/<int:joint_id>/lift/", joint.lift, name="joint-lift"),
]
