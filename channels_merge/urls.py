"""Pages of this room; included by config.urls."""

from django.urls import include, path, register_converter

from channels_merge.views import (
    appeals,
    board,
    codes,
    desk,
    files,
    grid,
    intake,
    lines,
    merging,
    petition,
    phones,
    public,
    register,
    search,
    telephone,
    workbench,
)


class NumberConverter:
    """A number of an appeal; anything else is no address."""

    regex = "[A-Za-z0-9-]{1,20}"

    def to_python(self, value):
        return value

    def to_url(self, value):
        return str(value)


register_converter(NumberConverter, "appeal")
app_name = "channels_merge"
urlpatterns = [
    path("", workbench.workbench, name="workbench"),
    path("desk/", desk.desk, name="desk"),
    path("desk/suggest/", desk.suggest, name="desk-suggest"),
    path("desk/draft/", desk.save_draft, name="desk-draft"),
    path("desk/draft/discard/", desk.discard_draft, name="desk-draft-discard"),
    path("desk/done/<appeal:number>/", desk.done, name="desk-done"),
    path("desk/calls/", telephone.calls, name="desk-calls"),
    path("desk/calls/<uuid:token>/take/", telephone.take, name="desk-call-take"),
    path("desk/calls/<uuid:token>/aside/", telephone.aside, name="desk-call-aside"),
    path("intake/", intake.intake, name="intake"),
    path("intake/<appeal:number>/peek/", intake.peek, name="intake-peek"),
    path("intake/<appeal:number>/acts/<slug:code>/", intake.act, name="intake-act"),
    path("appeals/<appeal:number>/", appeals.progress, name="progress"),
    path("appeals/<appeal:number>/reveal/", appeals.reveal, name="appeal-reveal"),
    path("appeals/<appeal:number>/acts/<slug:code>/", appeals.act, name="appeal-act"),
    path("appeals/<appeal:number>/files/<int:file_id>/", files.appeal_file, name="appeal-file"),
    path("transfers/<int:transfer_id>/conclude/", appeals.conclude_transfer, name="transfer-conclude"),
    path("search/", search.search, name="search"),
    path("channels/", register.register, name="channels"),
    path("channels/new/", register.enter, name="channel-enter"),
    path("channels/phones/", phones.phones, name="phones"),
    path("channels/phones/new/", phones.enter, name="phone-enter"),
    path("channels/phones/<int:phone_id>/<slug:act>/", phones.act, name="phone-act"),
    path("channels/lines/", board.board, name="line-board"),
    path("channels/lines/<int:milestone_id>/record/", board.record, name="milestone-record"),
    path("channels/lines/<int:milestone_id>/file/", board.evidence, name="milestone-file"),
    path("codes/", codes.codes, name="codes"),
    path("codes/new/", codes.make, name="code-make"),
    path("codes/import/", codes.import_codes, name="code-import"),
    path("codes/sheets/", codes.sheets, name="code-sheets"),
    path("codes/<slug:token>/", codes.code, name="code"),
    path("codes/<slug:token>/picture.<slug:kind>", codes.picture, name="code-picture"),
    path("codes/<slug:token>/acts/<slug:act>/", codes.act, name="code-act"),
    path("q/<slug:token>", codes.code_page, name="code-page"),
    path("channels/<slug:code>/", register.channel, name="channel"),
    path("channels/<slug:code>/acts/<slug:act>/", register.act, name="channel-act"),
    path("lines/", lines.lines, name="lines"),
    path("lines/codes/", lines.codes, name="line-codes"),
    path("lines/codes/<int:code_id>/", lines.code, name="line-code"),
    path("lines/messages/<int:message_id>/", lines.message, name="line-message"),
    path("lines/messages/<int:message_id>/retry/", lines.retry, name="line-message-retry"),
    path("lines/messages/<int:message_id>/dismiss/", lines.dismiss, name="line-message-dismiss"),
    path("lines/<slug:code>/", lines.line, name="line"),
    path("lines/<slug:code>/secret/", lines.secret, name="line-secret"),
    path("lines/<slug:code>/change/", lines.change, name="line-change"),
    path("lines/<slug:code>/retry/", lines.retry_all, name="line-retry"),
    path("lines/<slug:code>/sources/<slug:door>/", lines.source, name="line-source"),
    path("outbox/", lines.outbox, name="outbox"),
    path("outbox/again/", lines.send_all_again, name="outbox-all-again"),
    path("outbox/<int:message_id>/again/", lines.send_again, name="outbox-again"),
    path("grid/standard/", grid.standard, name="grid-standard"),
    path("grid/cells/", grid.cells, name="grid-cells"),
    path("grid/cells/import/", grid.import_cells, name="grid-cells-import"),
    path("grid/events/", grid.events, name="grid-events"),
    path("grid/events/import/", grid.import_events, name="grid-events-import"),
    path("grid/checks/", grid.checks, name="grid-checks"),
    path("grid/checks/<int:check_id>/", grid.check, name="grid-check"),
    path("grid/checks/<int:check_id>/call-off/", grid.call_off, name="grid-check-call-off"),
    path("grid/checks/<int:check_id>/files/<int:attachment_id>/", grid.check_file, name="grid-check-file"),
    path("grid/tickets/<str:number>/send/", grid.send_check, name="grid-check-send"),
    path("petitions/", petition.petitions, name="petitions"),
    path("petitions/import/", petition.import_sheet, name="petition-import"),
    path("petitions/<int:match_id>/", petition.peek, name="petition-peek"),
    path("petitions/<int:match_id>/acts/<slug:code>/", petition.act, name="petition-act"),
    path("merging/", merging.worklist, name="merging"),
    path("merging/matters/", merging.matters, name="merging-matters"),
    path("merging/callers/", merging.callers, name="merging-callers"),
    path("merging/callers/<int:caller_id>/seen/", merging.caller_seen, name="merging-caller-seen"),
    path("merging/quality/", merging.quality, name="merging-quality"),
    path("merging/switches/new/", merging.switch_on, name="merging-switch-on"),
    path("merging/switches/<int:switch_id>/off/", merging.switch_off, name="merging-switch-off"),
    path("merging/thresholds/<int:threshold_id>/<slug:code>/", merging.threshold, name="merging-threshold"),
    path("merging/<int:proposal_id>/", merging.peek, name="merging-peek"),
    path("merging/<int:proposal_id>/undo/", merging.undo, name="merging-undo"),
    path("merging/<int:proposal_id>/acts/<slug:code>/", merging.act, name="merging-act"),
    path("p/", public.submit, name="public-submit"),
    path("p/done/", public.done, name="public-done"),
    path("p/track/", public.track, name="public-track"),
    path("p/track/<slug:code>/", public.track_act, name="public-act"),
    path("api/v1/", include("channels_merge.api.urls")),
]
