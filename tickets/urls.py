"""Pages of this room; included by config.urls.

The ticket page itself (`tickets:ticket`) shows appeals and is served by the room that keeps them, under the same path.
"""

from django.urls import path

from tickets.views import acts, pages

app_name = "tickets"

urlpatterns = [
    path("tickets/<str:number>/acts/<slug:code>/", acts.act, name="act"),
    path("tickets/<str:number>/files/<int:attachment_id>/", pages.file, name="file"),
    path("tickets/<str:number>/print/", pages.printed, name="print"),
]
