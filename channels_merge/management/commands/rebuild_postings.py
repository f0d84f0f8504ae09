from django.core.management.base import BaseCommand
from django.utils import timezone

from channels_merge import services


class Command(BaseCommand):
    help = "重建查找同一件事的索引（诉求不是经系统登记、而是直接写入数据库时用）；可重复执行。"

    def handle(self, *args, **options):
        self.stdout.write(f"索引已重建：{services.rebuild_postings(at=timezone.now())} 件诉求。")
