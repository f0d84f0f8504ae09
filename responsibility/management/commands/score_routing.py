"""How good a named model, or the learner itself, is on a labelled file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from hotline.errors import DomainError
from responsibility import learning, selectors

MOST_CONFUSIONS = 20


class Command(BaseCommand):
    help = "用一份有分类的 CSV 检验派单模型：准确率、混淆、把握是否可信、速度。不写数据库。"

    def add_arguments(self, parser):
        parser.add_argument("--on", dest="file", type=Path, required=True, help="CSV 文件，列 topic、text、category")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--model", help="模型名称")
        which.add_argument("--folds", type=int, help="不用存好的模型，分成几份交叉检验同一种学习方法")
        parser.add_argument("--model-version", type=int, help="第几版；默认最新一版")
        parser.add_argument("--group-near-duplicates", action="store_true", help="交叉检验时，几乎相同的放在同一份")

    def handle(self, *args, **options):
        if options["folds"] is None and options["group_near_duplicates"]:
            raise CommandError("--group-near-duplicates 只用于交叉检验，请与 --folds 一起写。")
        if options["folds"] is not None and options["model_version"] is not None:
            raise CommandError("--model-version 只用于存好的模型，请与 --model 一起写。")
        try:
            report, known = self._report(options)
        except DomainError as exc:
            raise CommandError(str(exc)) from exc
        self._write(report)
        unknown = [label for label, rows, _ in report.by_label if rows and known and label not in known]
        if unknown:
            self.stdout.write(f"模型没有学过的分类（都算错）：{'、'.join(unknown)}")

    def _report(self, options):
        """(report, labels that the model knows; none for a cross-validation, which learns what the file has)."""
        if options["folds"] is None:
            row = selectors.find_model(options["model"], options["model_version"])
            model = selectors.load_model(row)
            return learning.score(model, learning.read_examples(options["file"])), model.labels
        examples = learning.read_examples(options["file"])
        grouped = options["group_near_duplicates"]
        return learning.cross_validate(examples, options["folds"], group_near_duplicates=grouped), ()

    def _write(self, report):
        write = self.stdout.write
        write(f"macro-F1 {report.macro_f1:.3f}")
        write(f"准确率 {report.accuracy:.3f}（{report.rows} 行）")
        write("\n各分类：行数、F1")
        for label, rows, f1 in report.by_label:
            write(f"  {label}\t{rows}\t{f1:.3f}")
        write("\n混淆：应为 → 判为，次数")
        for label, answer, times in report.taken_for[:MOST_CONFUSIONS]:
            write(f"  {label} → {answer}\t{times}")
        write("\n把握：所说的概率、行数、平均说多少、实际对多少")
        for band in report.bands:
            write(f"  {band.low:.2f}–{band.high:.2f}\t{band.rows}\t{band.said:.3f}\t{band.right:.3f}")
        write(f"\n{report.rows_a_second:.0f} 行/秒")
