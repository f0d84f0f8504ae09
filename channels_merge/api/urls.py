from django.contrib.auth.decorators import login_not_required
from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from channels_merge.api import grid, lines, petition, telephone, views

urlpatterns = [
    path("appeals", login_not_required(views.AppealCollection.as_view()), name="api-appeals"),
    path("grid/events", login_not_required(grid.GridEventCollection.as_view()), name="api-grid-events"),
    path("grid/events/<str:number>", login_not_required(grid.GridEventItem.as_view()), name="api-grid-event"),
    path("petitions", login_not_required(petition.PetitionCollection.as_view()), name="api-petitions"),
    path("petitions/<str:number>", login_not_required(petition.PetitionItem.as_view()), name="api-petition"),
    path("appeals/<slug:number>", login_not_required(views.AppealItem.as_view()), name="api-appeal"),
    path("lines/<slug:code>/messages", login_not_required(lines.LineMessages.as_view()), name="api-line-messages"),
    path(
        "lines/<slug:code>/messages/<str:message_id>",
        login_not_required(lines.LineMessage.as_view()),
        name="api-line-message",
    ),
    path("telephone/events", login_not_required(telephone.PhoneEvents.as_view()), name="api-phone-events"),
    path(
        "schema/",
        login_not_required(SpectacularJSONAPIView.as_view(authentication_classes=[], permission_classes=[])),
        name="api-schema",
    ),
]
