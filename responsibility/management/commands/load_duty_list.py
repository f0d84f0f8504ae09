from typing import Any

from django.core.management.base import BaseCommand

from responsibility import services


class Command(BaseCommand):
    help = "Load categories, governance and the city's first duty list. May run any number of times, after load_reference."

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = services.load_duty_list()
        self.stdout.write(
            f"职责清单：新增分类 {loaded.categories}、管辖 {loaded.governance}、清单事项 {loaded.items}。"
        )
