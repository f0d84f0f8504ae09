"""Bring in the operator's grid cells from CSV, XLSX or GeoJSON; may be run again."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from channels_merge.services import grid
from hotline.errors import DomainError


class Command(BaseCommand):
    help = "导入网格（CSV、XLSX 或 GeoJSON：网格编码、网格名称、地区，可带边界）。可重复执行。"

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *args, **options):
        path = options["file"]
        if not path.is_file():
            raise CommandError(f"没有文件 {path}。")
        try:
            found = grid.import_cells(name=path.name, content=path.read_bytes(), by=None, at=timezone.now())
        except DomainError as refused:
            raise CommandError(str(refused)) from refused
        for reject in found.rejects:
            self.stderr.write(f"第 {reject.line} 行 {reject.number}：{reject.why}")
        self.stdout.write(
            f"读 {found.read} 行，新增 {found.new}，更新 {found.changed}，没有变化 {found.same}，没有收下 {len(found.rejects)}。"
        )
