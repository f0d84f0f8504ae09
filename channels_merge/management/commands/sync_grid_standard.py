"""Load the event standard of the grid: the sample that ships where there is none, or the operator's own file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from channels_merge.services import grid
from hotline.errors import DomainError


class Command(BaseCommand):
    help = "装载网格事件采集标准：没有时装自带的示例；--file 换成本地的标准（CSV，列名同自带的）。可重复执行。"

    def add_arguments(self, parser):
        parser.add_argument("--file", type=Path)

    def handle(self, *args, **options):
        path = options["file"]
        if path is not None and not path.is_file():
            raise CommandError(f"没有文件 {path}。")
        try:
            written = grid.sync_grid_standard(path=path)
        except DomainError as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"写入 {written} 类。")
