from django.contrib import admin
from django.urls import include, path

from hotline import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("", include("hotline.urls")),
    path("", include("tickets.urls")),
    path("", include("channels_merge.urls")),
    path("", include("evaluation.urls")),
    path("", include("supervision.urls")),
    path("admin/", admin.site.urls),
]
