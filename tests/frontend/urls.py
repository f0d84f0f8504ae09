"""Two pages of the rooms above and the management site: enough for a rail."""

from django.contrib import admin
from django.http import HttpResponse
from django.urls import include, path


def page(request, **kwargs):
    return HttpResponse("ok")


urlpatterns = [
    path("", include(([path("", page, name="workbench")], "channels_merge"))),
    path("", include(([path("tickets/", page, name="ticket-list")], "tickets"))),
    path("admin/", admin.site.urls),
]
