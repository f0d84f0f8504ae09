"""Pages of this room; included by config.urls.

The ticket page itself (`tickets:ticket`) shows appeals and is served by the room that keeps them, under the same path.
"""

from django.urls import path

from tickets.views import (
    acts,
    approvals,
    automatic,
    inbox,
    lists,
    mediations,
    objections,
    pages,
    queues,
    returned,
)

app_name = "tickets"

urlpatterns = [
    path("tickets/<str:number>/acts/<slug:code>/", acts.act, name="act"),
    path("tickets/<str:number>/files/<int:attachment_id>/", pages.file, name="file"),
    path("tickets/<str:number>/print/", pages.printed, name="print"),
    path("tickets/<str:number>/present/", pages.present, name="present"),
]

urlpatterns += [
    path("dispatch/", queues.dispatch_queue, name="dispatch-queue"),
    path("dispatch/batch/", queues.dispatch_batch, name="dispatch-batch"),
    path("dispatch/batch/undo/", queues.dispatch_batch_undo, name="dispatch-batch-undo"),
    path("dispatch/<str:number>/", queues.dispatch_one, name="dispatch-one"),
    path("dispatch/<str:number>/undo/", queues.dispatch_undo, name="dispatch-undo"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/sign/", inbox.sign_batch, name="sign-batch"),
    path("inbox/statements/", objections.statements, name="statements"),
    path("inbox/statements/<str:number>/", objections.statement, name="statement"),
    path("definitions/", objections.definitions, name="definitions"),
    path("definitions/<str:number>/", objections.definition, name="definition"),
    path("returns/table/", returned.table, name="returns-table"),
    path("returns/table/rows/", returned.rows, name="returns-rows"),
    path("returns/", queues.returns, name="returns"),
    path("returns/<int:request_id>/", queues.return_peek, name="return-peek"),
    path("rulings/", queues.rulings, name="rulings"),
    path("rulings/objections/", objections.objections, name="objections"),
    path("rulings/objections/<str:number>/", objections.objection, name="objection"),
    path("rulings/precedents/", objections.precedents, name="precedents"),
    path("rulings/<str:number>/", queues.ruling_peek, name="ruling-peek"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("approvals/batch/", approvals.approve_batch, name="approve-batch"),
    path("approvals/<int:approval_id>/", approvals.approval, name="approval"),
    path("approvals/extensions/<int:request_id>/", approvals.extension, name="extension"),
    path("mediations/", mediations.mediations, name="mediations"),
    path("routing/automatic/", automatic.switches, name="automatic"),
    path("routing/automatic/sample/", automatic.sample, name="automatic-sample"),
    path("routing/automatic/sample/<int:dispatch_id>/", automatic.judge, name="automatic-judge"),
    path("tickets/", lists.ticket_list, name="ticket-list"),
    path("exports/tickets/", lists.export, name="export"),
    path("tickets/<str:number>/peek/", inbox.ticket_peek, name="peek"),
]
