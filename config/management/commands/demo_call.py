"""A call in the demonstration, where no call platform is connected."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from channels_merge import selectors, services
from channels_merge.models import CallEvent, PhoneCall, Skill
from hotline.errors import DomainError
from hotline.models import User


class Command(BaseCommand):
    help = "在演示账号的受理台上来一个电话；--event answered、ended、missed 接着说同一个电话。"

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("number")
        parser.add_argument("--event", choices=CallEvent.values, default=CallEvent.RINGING.value)
        parser.add_argument("--queue", choices=Skill.values, default="")

    def handle(self, *args, username, number, event, queue, **options):
        user = User.objects.filter(username=username, is_demo=True).first()
        seat = selectors.seat_of(user) if user else None
        if seat is None:
            raise CommandError(f"{username} 不是坐在坐席上的演示账号。")
        at = timezone.now()
        last = PhoneCall.objects.filter(call_id__startswith="demo-call-", user=user).order_by("-pk").first()
        is_new = event == CallEvent.RINGING or last is None
        told = services.PhoneEvent(
            call_id=f"demo-call-{at.timestamp():.3f}" if is_new else last.call_id,
            event=event,
            at=at,
            number=number,
            queue=queue,
            extension=seat.extension,
        )
        try:
            call = services.store_phone_event(event=told, at=at)
        except DomainError as refused:
            raise CommandError(str(refused)) from refused
        services.settle_call(call_id=call.pk, at=at)
        self.stdout.write(f"{call.masked_number} {CallEvent(event).label}，分机 {call.extension}。")
