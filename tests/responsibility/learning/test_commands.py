import csv
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from responsibility import selectors
from responsibility.models import RoutingModel

pytestmark = pytest.mark.django_db


@pytest.fixture
def history(tmp_path, examples):
    return written(
        tmp_path / "history.csv", [("topic", "text", "category", "time"), *((*row, "") for row in examples)]
    )


def written(path, rows, encoding="utf-8"):
    with path.open("w", encoding=encoding, newline="") as handle:
        csv.writer(handle).writerows(rows)
    return path


def run(*arguments):
    out = StringIO()
    call_command(*[str(argument) for argument in arguments], stdout=out)
    return out.getvalue()


def test_learns_a_named_model_and_scores_it(history):
    said = run("learn_routing", "--from", history, "--model", "旧热线")

    row = RoutingModel.objects.get()
    assert (row.name, row.version, row.rows, row.labels) == ("旧热线", 1, 60, ["供水", "噪声", "拖欠工资"])
    assert said.startswith("已存为“旧热线”第 1 版：60 行，3 种分类，")
    lines = run("score_routing", "--on", history, "--model", "旧热线").splitlines()
    assert lines[:2] == ["macro-F1 1.000", "准确率 1.000（60 行）"]
    assert lines[-1].endswith(" 行/秒")


def test_learning_again_adds_a_version_and_leaves_the_old_one(history):
    run("learn_routing", "--from", history, "--model", "旧热线")
    before = RoutingModel.objects.get()

    run("learn_routing", "--from", history, "--model", "旧热线")

    assert list(RoutingModel.objects.order_by("version").values_list("version", flat=True)) == [1, 2]
    assert bytes(RoutingModel.objects.get(version=1).weights) == bytes(before.weights)
    assert selectors.find_model("旧热线").version == 2
    assert selectors.find_model("旧热线", 1) == before


def test_cross_validation_stores_nothing(history):
    said = run("score_routing", "--on", history, "--folds", "5", "--group-near-duplicates")

    assert said.splitlines()[0].startswith("macro-F1 ")
    assert not RoutingModel.objects.exists()


def test_says_which_labels_the_model_never_learned(history, tmp_path):
    run("learn_routing", "--from", history, "--model", "旧热线")
    asked = written(
        tmp_path / "asked.csv", [("topic", "text", "category"), ("", "水管爆裂", "供水"), ("", "树倒了", "园林")]
    )

    said = run("score_routing", "--on", asked, "--model", "旧热线")

    assert said.splitlines()[-1] == "模型没有学过的分类（都算错）：园林"


def test_reads_what_a_spreadsheet_saves_in_the_national_encoding(tmp_path, examples):
    path = written(tmp_path / "gb.csv", [("topic", "text", "category"), *examples], encoding="gb18030")

    run("learn_routing", "--from", path, "--model", "旧热线")

    assert RoutingModel.objects.get().labels == ["供水", "噪声", "拖欠工资"]


@pytest.mark.parametrize(
    "rows, sentence",
    [
        ([("topic", "text"), ("", "停水")], "文件里没有列：category。现有列：topic、text。"),
        ([], "文件里没有列：topic、text、category。现有列：无。"),
        ([("topic", "text", "category")], "文件里只有列名，没有内容。"),
        (
            [("topic", "text", "category"), ("", "停水", "供水"), ("", "停电", " ")],
            "有 1 行没有分类（category），第一处在文件第 3 行。",
        ),
        ([("topic", "text", "category"), ("", "停水", "供水"), ("", "没水", "供水")], "至少要有两种分类才能学习"),
        ([("topic", "text", "category"), ("", "停水", "供" * 201), ("", "停水", "电")], "分类名称太长（201 个字）"),
    ],
)
def test_a_file_that_teaches_nothing_is_refused_and_nothing_is_written(tmp_path, rows, sentence):
    path = written(tmp_path / "broken.csv", rows)

    with pytest.raises(CommandError) as refused:
        run("learn_routing", "--from", path, "--model", "旧热线")

    assert str(refused.value).startswith(sentence)
    assert not RoutingModel.objects.exists()


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\x01", b"topic,text,category\n\x00,a,b\n"])
def test_a_file_that_is_no_text_is_refused(tmp_path, content):
    path = tmp_path / "broken.csv"
    path.write_bytes(content)

    with pytest.raises(CommandError, match="读不出文件里的字"):
        run("learn_routing", "--from", path, "--model", "旧热线")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CommandError, match="打不开文件"):
        run("learn_routing", "--from", tmp_path / "nowhere.csv", "--model", "旧热线")


@pytest.mark.parametrize("name", [" ", "长" * 41])
def test_a_name_that_cannot_be_kept_is_refused(history, name):
    with pytest.raises(CommandError, match="模型名称须有 1 到 40 个字"):
        run("learn_routing", "--from", history, "--model", name)


def test_an_unknown_model_is_named_with_those_there_are(history):
    with pytest.raises(CommandError, match="没有名为“新热线”的模型。还没有学习过任何模型。"):
        run("score_routing", "--on", history, "--model", "新热线")

    run("learn_routing", "--from", history, "--model", "旧热线")

    with pytest.raises(CommandError, match="没有名为“旧热线”的模型第9版。现有：旧热线。"):
        run("score_routing", "--on", history, "--model", "旧热线", "--model-version", "9")


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["--model", "旧热线", "--group-near-duplicates"], "--group-near-duplicates 只用于交叉检验"),
        (["--folds", "5", "--model-version", "1"], "--model-version 只用于存好的模型"),
        (["--folds", "1"], "60 行分不成 1 份"),
    ],
)
def test_options_that_do_not_go_together_are_refused(history, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        run("score_routing", "--on", history, *arguments)


@pytest.mark.parametrize(
    "changes, constraint",
    [
        ({}, "routing_model_version_is_unique_in_its_name"),
        ({"name": ""}, "routing_model_has_a_name"),
        ({"version": 2, "labels": ["一种"]}, "routing_model_knows_two_labels"),
    ],
)
def test_the_database_refuses(now, changes, constraint):
    given = {
        "name": "甲",
        "version": 1,
        "made_at": now,
        "made_by": "root",
        "rows": 2,
        "labels": ["a", "b"],
        "weights": b"",
    }
    RoutingModel.objects.create(**given)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        RoutingModel.objects.create(**(given | changes))
