from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from channels_merge import services


class Command(BaseCommand):
    help = "按池中现有的事重新统计常用字词。相似度会随之略有变化，之后请核对并单门槛。"

    def handle(self, *args, **options):
        try:
            ground = services.renew_background(at=timezone.now())
        except services.PoolTooSmall as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(f"已按 {ground.matters} 件事统计常用字词，即刻生效。")
