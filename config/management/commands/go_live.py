"""The end of the demonstration: its accounts are closed, whole or not at all."""

import json

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from channels_merge.models import Appeal
from config.demo.roads import SOURCE
from config.demo_accounts import NOTE
from hotline.errors import DomainError
from hotline.models import User
from hotline.roles import role_name
from hotline.services import administrators_wanting, deactivate_person


class Command(BaseCommand):
    help = "结束演示：停用全部演示账号。演示账号手里还有件、或者库里有演示诉求的，不停用，并说明怎么办。"

    def add_arguments(self, parser):
        parser.add_argument(
            "--keep-demo-data", action="store_true", help="库里的演示诉求和工单留着，它们会算进统计；仍然停用演示账号"
        )

    def handle(self, *args, keep_demo_data, **options):
        refuse_while_loading()
        if wanting := administrators_wanting():
            raise CommandError(
                f"还没有正式的{'、'.join(map(role_name, wanting))}，停用后没有人能管。请先用 appoint_administrator --role 各任命一位。"
            )
        appeals = Appeal.objects.filter(source_number__startswith=SOURCE).count()
        if appeals and not keep_demo_data:
            raise CommandError(
                f"库里有 {appeals} 件演示诉求，删不掉，会一直算进统计。正式使用请另用一个空的数据库（DATABASE_URL）；"
                "确实要在这个库上继续的，加 --keep-demo-data。没有停用任何账号。"
            )
        closed = close_accounts()
        (settings.STATE_DIR / NOTE).unlink(missing_ok=True)
        kept = f"；{appeals} 件演示诉求和它们的工单留在库里" if appeals else ""
        self.stdout.write(f"演示已结束：停用了 {closed} 个演示账号{kept}。")


def refuse_while_loading() -> None:
    note = settings.STATE_DIR / NOTE
    if note.exists() and json.loads(note.read_text())["stage"] == "loading":
        raise CommandError("演示数据还在载入，请等载入完再结束演示。")


@transaction.atomic
def close_accounts() -> int:
    """Close every demonstration account. When one of them has work in hand none is closed, and all the reasons are told."""
    now, refusals = timezone.now(), []
    people = list(User.objects.filter(is_demo=True, is_active=True).order_by("pk"))
    for person in people:
        try:
            deactivate_person(user=person, heir=None, by=None, at=now)
        except DomainError as refusal:
            refusals.append(f"{person.username}：{refusal}")
    if refusals:
        raise CommandError("演示账号手里还有件，请先办结或交给同事，没有停用任何账号：\n" + "\n".join(refusals))
    return len(people)
