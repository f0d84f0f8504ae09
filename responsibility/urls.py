"""Pages of this room; included by config.urls."""

from django.urls import path

from responsibility.views import bench, items, lists, proposals, quality, resources, sheets, switches, trials

app_name = "responsibility"

urlpatterns = [
    path("resources/", resources.resources, name="resources"),
    path("resources/new/", resources.resource, name="resource-add"),
    path("resources/<int:pk>/", resources.resource, name="resource"),
    path("routing/bench/", bench.bench, name="bench"),
    path("routing/cases/", bench.cases, name="cases"),
    path("routing/cases/<int:pk>/", bench.change, name="case-change"),
    path("routing/cases/<int:pk>/retire/", bench.retire, name="case-retire"),
    path("routing/automatic/on/", switches.on, name="switch-on"),
    path("routing/automatic/<int:pk>/off/", switches.off, name="switch-off"),
    path("duty-lists/", lists.duty_lists, name="duty-lists"),
    path("duty-lists/draft/", lists.draft, name="duty-list-draft"),
    path("duty-lists/quality/", quality.quality, name="routing-quality"),
    path("duty-lists/quality/wrong/", quality.wrong, name="routing-wrong"),
    path("duty-lists/models/", quality.models, name="routing-models"),
    path("duty-lists/models/stop/", quality.stop, name="routing-model-stop"),
    path("duty-lists/models/<int:pk>/choose/", quality.choose, name="routing-model-choose"),
    path("duty-lists/proposals/", proposals.proposals, name="proposals"),
    path("duty-lists/proposals/<int:pk>/dismiss/", proposals.dismiss, name="proposal-dismiss"),
    path("duty-lists/<int:pk>/", lists.duty_list, name="duty-list"),
    path("duty-lists/<int:pk>/acts/<str:act>/", lists.act, name="duty-list-act"),
    path("duty-lists/<int:pk>/trial/", trials.trial, name="duty-list-trial"),
    path("duty-lists/<int:pk>/xlsx/", sheets.download, name="duty-list-xlsx"),
    path("duty-lists/<int:pk>/sheets/", sheets.hand_in, name="duty-sheets"),
    path("duty-lists/<int:pk>/sheets/<int:sheet_id>/", sheets.preview, name="duty-sheet"),
    path("duty-lists/<int:pk>/sheets/<int:sheet_id>/confirm/", sheets.confirm, name="duty-sheet-confirm"),
    path("duty-lists/<int:pk>/sheets/<int:sheet_id>/again/", sheets.compare_again, name="duty-sheet-again"),
    path("duty-lists/<int:pk>/sheets/<int:sheet_id>/errors/", sheets.errors, name="duty-sheet-errors"),
    path("duty-lists/<int:pk>/new-item/", items.add, name="duty-item-add"),
    path("duty-lists/<int:pk>/duties/", lists.duties, name="duty-list-duties"),
    path("duty-lists/<int:pk>/bulk/", items.bulk, name="duty-items-bulk"),
    path("duty-lists/<int:pk>/items/<str:code>/", items.item, name="duty-item"),
    path("duty-lists/<int:pk>/items/<str:code>/beside/", items.peek, name="duty-item-beside"),
    path("duty-lists/<int:pk>/items/<str:code>/remove/", items.remove, name="duty-item-remove"),
    path("duty-lists/<int:pk>/items/<str:code>/comment/", items.comment, name="duty-item-comment"),
]
