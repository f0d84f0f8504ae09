from django.core.management.base import BaseCommand
from django.utils import timezone

from hotline import services


class Command(BaseCommand):
    help = "Load regions, units, working calendar, hours and parameters. May run any number of times."

    def handle(self, *args, **options):
        loaded = services.load_reference(at=timezone.now())
        self.stdout.write(
            f"基础数据：新增行政区划 {loaded.regions}、单位 {loaded.units}、"
            f"工作日历 {loaded.calendar_years} 年、参数 {loaded.parameters}。"
        )
