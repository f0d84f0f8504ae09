from django.contrib import admin
from django.urls import include, path

from channels_merge.views import ticket
from hotline import health
from tickets import urls as tickets

# The ticket page shows appeals, which the ticket room does not know: it is put among that room's addresses here, where
# every room is known.
ticket_pages = [
    path("tickets/<str:number>/", ticket.page, name="ticket"),
    path("tickets/<str:number>/acts/contact/", ticket.contact, name="contact"),
    path("tickets/<str:number>/appeals/<str:appeal_number>/reveal/", ticket.reveal, name="reveal"),
    *tickets.urlpatterns,
]

handler403 = "hotline.views.gate.denied"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("", include("hotline.urls")),
    path("", include((ticket_pages, tickets.app_name))),
    path("", include("responsibility.urls")),
    path("", include("channels_merge.urls")),
    path("", include("evaluation.urls")),
    path("", include("supervision.urls")),
    path("admin/", admin.site.urls),
]
