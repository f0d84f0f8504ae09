"""Learn a named model from a city's history. It stands apart: nothing is proposed by it until an administrator chooses it."""

import getpass
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from hotline.errors import DomainError
from responsibility import learning, services
from responsibility.learning.model import MOST_ROWS


class Command(BaseCommand):
    help = "从历史诉求学习一个派单模型（列 topic、text、category），按名称另存一版；不影响正在用的派单建议。"

    def add_arguments(self, parser):
        parser.add_argument("--from", dest="file", type=Path, required=True, help="CSV 文件，UTF-8 或 GB18030")
        parser.add_argument("--model", required=True, help="模型名称；同名的另存为下一版")

    def handle(self, *args, **options):
        began = time.monotonic()
        try:
            examples = learning.read_examples(options["file"])
            row = services.learn_model(
                name=options["model"], examples=examples, by=getpass.getuser(), at=timezone.now()
            )
        except DomainError as exc:
            raise CommandError(str(exc)) from exc
        if len(examples) > MOST_ROWS:
            self.stdout.write(f"文件有 {len(examples)} 行，均匀取其中 {MOST_ROWS} 行学习。")
        self.stdout.write(
            f"已存为“{row.name}”第 {row.version} 版：{row.rows} 行，{len(row.labels)} 种分类，"
            f"{len(row.weights) / 1e6:.1f} MB，用 {time.monotonic() - began:.1f} 秒。没有启用。"
        )
