"""Files that citizens handed in, to those who may decide on the appeal or see its ticket."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from channels_merge import rights, selectors
from channels_merge.models import AppealFile
from hotline.rights import has_right
from hotline.views.files import answer_with_file
from tickets.models import Ticket
from tickets.states import Secrecy


@require_safe
def appeal_file(request, number, file_id):
    row = get_object_or_404(AppealFile.objects.select_related("file", "appeal"), pk=file_id, appeal__number=number)
    now = timezone.now()
    ticket = selectors.ticket_of(row.appeal)
    if ticket is None:
        allowed = has_right(request.user, rights.ACCEPT, now) and row.appeal.secrecy == Secrecy.OPEN
    else:
        allowed = Ticket.objects.visible_to(request.user, now).filter(pk=ticket.pk).exists()
    if not allowed:
        raise Http404
    return answer_with_file(row.file)
