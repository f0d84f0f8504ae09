from django.core.management.base import BaseCommand
from django.utils import timezone

from channels_merge import services


class Command(BaseCommand):
    help = "补齐受理渠道；可重复执行。"

    def handle(self, *args, **options):
        self.stdout.write(f"新增渠道 {services.sync_channels(at=timezone.now())} 个。")
        self.stdout.write(f"新增接入平台 {services.sync_lines()} 个。")
