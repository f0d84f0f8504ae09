from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from channels_merge import services
from channels_merge.models import Channel


class Command(BaseCommand):
    help = "给渠道发放新的接口密钥；原密钥立即失效。"

    def add_arguments(self, parser):
        parser.add_argument("code", help="渠道代码")

    def handle(self, *args, **options):
        try:
            channel = Channel.objects.get(code=options["code"])
        except Channel.DoesNotExist as exc:
            codes = "、".join(Channel.objects.order_by("code").values_list("code", flat=True))
            raise CommandError(
                f"没有渠道“{options['code']}”。现有：{codes or '无，请先执行 sync_channels'}。"
            ) from exc
        self.stdout.write(services.issue_channel_key(channel_id=channel.pk, by=None, at=timezone.now()))
