"""What the router learns from what people decided, when it asks it, and what it then says."""

import random
import re
from datetime import timedelta

import pytest

from hotline.services import reference, set_parameter
from responsibility import rights, selectors, services
from responsibility.models import DutyItem, RoutingExample, RoutingModel, RoutingModelEvent
from responsibility.services import experience
from tests.factories.hotline import CentreFactory, UserFactory

WAYS = {
    # What the words of the list say, and what only the past knows.
    "CG-02-003": ("路灯不亮", "门前那排亮化全瞎了"),
    "SC-07-002": ("电梯困人", "上下楼的铁箱子又趴窝"),
    "NY-01-001": ("宅基地建房审批", "想起新屋材料递上去没下文"),
    "FL-01-001": ("强制执行没有进展", "赢了官司拿不到钱"),
}
FILLING = [chr(point) for point in range(0x5000, 0x5600)]


def ticket(number, text, item, at, outcome="dispatched", **more):
    given = {"kind": "help", "final_item": item, "proposed_item": item} | more
    return RoutingExample(ticket_number=f"GZ{number:04}", text=text, outcome=outcome, at=at, **given)


def history(now, count=500):
    """A ticket every six hours, in turn of each item, half of them in words that the list does not know."""
    chance = random.Random(7)
    items = {item.code: item for item in DutyItem.objects.filter(code__in=WAYS)}
    codes = list(WAYS)
    rows = []
    for number in range(count):
        code = codes[number % len(codes)]
        said = WAYS[code][number // len(codes) % 2]
        text = f"{said}\n{''.join(chance.choices(FILLING, k=24))}，{said}，请处理。"
        rows.append(ticket(number, text, items[code], now - timedelta(days=4, hours=6 * (count - number))))
    RoutingExample.objects.bulk_create(rows)
    return items


@pytest.fixture
def learned(ganzhou, now):
    history(now)
    return services.learn_from_experience(at=now)


@pytest.fixture(autouse=True)
def parameters_there(db):
    reference.load_parameters()


@pytest.fixture
def administrator(db):
    return UserFactory(unit=CentreFactory(), roles=("administrator",))


def lay_down(now, key, value):
    set_parameter(key=key, value=value, valid_from=now, source="测试", by=None, at=now)


def test_the_last_word_on_a_settled_ticket_is_what_it_teaches(ganzhou, now):
    light, lift = DutyItem.objects.get(code="CG-02-003"), DutyItem.objects.get(code="SC-07-002")
    old = now - timedelta(days=10)
    rows = [
        ticket(1, "灯坏了\n文清路", light, old),
        ticket(2, "已退回", light, old),
        ticket(2, "已退回", light, old + timedelta(hours=1), "returned"),
        ticket(3, "改派了", light, old),
        ticket(3, "改派了", light, old + timedelta(hours=1), "returned"),
        ticket(3, "改派了", lift, old + timedelta(hours=2), kind="complaint"),
        ticket(4, "裁定的", light, old, "ruled"),
        ticket(5, "收回了", light, old, "recalled"),
        ticket(6, "还可能退", light, now - timedelta(days=1)),
        ticket(7, "", light, old),
        ticket(8, "裁定不由政府办理", None, old, "ruled"),
        ticket(9, "太久了", light, now - timedelta(days=400)),
    ]
    RoutingExample.objects.bulk_create(rows)

    found = selectors.lessons(now)

    assert [(each.example, each.category, each.kind) for each in found] == [
        (("灯坏了", "文清路", "CG-02-003", "GZ0001"), "", "help"),
        (("", "裁定的", "CG-02-003", "GZ0004"), "", "help"),
        (("", "改派了", "SC-07-002", "GZ0003"), "", "complaint"),
    ]


def test_of_many_the_newest_are_learned(ganzhou, now):
    history(now, count=12)
    lay_down(now, "routing_learned_rows", "5")

    assert [each.example.name for each in selectors.lessons(now)] == [f"GZ{number:04}" for number in range(7, 12)]


def test_with_too_little_history_nothing_is_written(ganzhou, now):
    history(now, count=240)

    assert services.learn_from_experience(at=now) is None
    assert not RoutingModel.objects.exists()


def test_a_night_that_comes_twice_is_learned_once(ganzhou, now, monkeypatch):
    """The second began before the first had written."""
    history(now)
    learn = experience.learn

    def overtaken(rows):
        monkeypatch.setattr(experience, "learn", learn)
        assert services.learn_from_experience(at=now) is not None
        return learn(rows)

    monkeypatch.setattr(experience, "learn", overtaken)

    assert services.learn_from_experience(at=now) is None
    assert (RoutingModel.objects.count(), RoutingModelEvent.objects.count()) == (1, 1)


def test_one_item_alone_teaches_nothing(ganzhou, now):
    item = DutyItem.objects.get(code="CG-02-003")
    RoutingExample.objects.bulk_create(
        ticket(number, f"路灯不亮{FILLING[number]}", item, now - timedelta(days=5, minutes=-number))
        for number in range(260)
    )

    assert services.learn_from_experience(at=now) is None


def test_a_model_that_is_not_worse_goes_into_service_with_both_figures(learned, now):
    row = RoutingModel.objects.get()

    assert (str(row), row.rows, sorted(row.labels)) == ("派单经验第1版", 400, sorted(WAYS))
    assert (learned.model, learned.act, learned.rows, learned.words, learned.by) == (
        row,
        "adopt",
        100,
        "比原来好，不像偶然。留出的工单里，只有新版对的 36 件，只有原来对的 0 件。",
        None,
    )
    assert learned.accuracy == 1.0
    # Of what is said in words that the list does not know, it finds a quarter.
    assert learned.accuracy_before == 0.64
    assert selectors.model_in_service(now) == row
    assert selectors.model_in_service(now - timedelta(seconds=1)) is None
    assert row.report["rows"] == 100
    assert sum(band["rows"] for band in row.report["bands"]) == 100
    assert row.report["taken_for"] == []


def test_a_second_run_on_the_same_night_learns_nothing_more(learned, now):
    assert services.learn_from_experience(at=now + timedelta(minutes=1)) is None
    assert RoutingModelEvent.objects.count() == 1


def test_what_only_the_past_knows_is_proposed_with_a_calibrated_confidence(learned, now, django_assert_num_queries):
    text = "亮化全瞎了\n我们门前那排亮化一个月不亮"
    selectors.suggest(text=text, at=now)

    with django_assert_num_queries(2):
        (best,) = selectors.suggest(text=text, at=now)

    assert (best.item.code, best.model) == ("CG-02-003", "派单经验第1版")
    assert 0.8 < best.confidence < 1
    assert best.margin == best.confidence
    assert [part.label for part in best.parts] == ["事项", "用词", "经验", "属地"]
    assert sum(part.points for part in best.parts) == best.score == round(92 * best.confidence)
    said = best.parts[2].text
    named = re.fullmatch(
        r"按以往派单 \d\d% 归本事项，相近的 10 件先例有 10 件归，没有退回，如 (GZ\d{4})；与清单合算", said
    )[1]
    assert RoutingExample.objects.get(ticket_number=named).final_item.code == "CG-02-003"
    assert f"经验：{said}" in best.reasons


def test_the_margin_is_how_far_the_best_is_ahead(learned, now):
    best, second = selectors.suggest(text="亮化全瞎了，上下楼的铁箱子又趴窝，路灯不亮，电梯困人", at=now)[:2]

    assert {best.item.code, second.item.code} == {"CG-02-003", "SC-07-002"}
    assert best.margin == -second.margin == best.confidence - second.confidence
    assert 0 < best.margin < best.confidence


def test_an_item_that_the_past_does_not_know_is_decided_by_the_list(learned, now):
    best = selectors.suggest(text="公积金贷款批不下来", at=now)[0]

    assert best.item.code.startswith("GJ") or best.unit.code == "CITY-GJJ"
    assert (best.confidence, best.margin, best.model) == (None, None, "")
    assert best.parts[2].text == "学过的派单里还没有本事项；与清单合算"


def test_without_a_model_nothing_is_said_of_it(ganzhou, now):
    best = selectors.suggest(text="路灯不亮", at=now)[0]

    assert [part.label for part in best.parts] == ["事项", "用词", "属地"]
    assert (best.confidence, best.margin, best.model) == (None, None, "")


def test_a_model_that_is_not_calibrated_is_quoted_and_changes_no_points(ganzhou, now, administrator):
    history(now)
    before = selectors.suggest(text="路灯不亮", at=now)
    row = services.learn_model(
        name="旧热线", examples=[lesson.example for lesson in selectors.lessons(now)], by="root", at=now
    )
    services.put_in_service(model_id=row.pk, reason="带来的历史", stays=False, by=administrator, at=now)

    after = selectors.suggest(text="路灯不亮", at=now)

    assert [(each.item, each.score) for each in after] == [(each.item, each.score) for each in before]
    assert after[0].confidence is None
    assert after[0].parts[2].text.endswith("（还没有校准，不计分）")


def test_a_worse_model_is_kept_out_of_service(learned, now):
    first = learned.model
    wrong = dict(zip(WAYS, [*list(WAYS)[1:], *list(WAYS)[:1]], strict=True))
    items = {item.code: item for item in DutyItem.objects.filter(code__in=WAYS)}
    for row in RoutingExample.objects.filter(ticket_number__lt="GZ0250").select_related("final_item"):
        row.final_item = items[wrong[row.final_item.code]]
        row.save()
    RoutingExample.objects.bulk_create([ticket(900, "路灯不亮", items["CG-02-003"], now - timedelta(days=4))])

    event = services.learn_from_experience(at=now + timedelta(days=1))

    assert (event.act, event.words) == (
        "decline",
        "不如原来。留出的工单里，只有新版对的 0 件，只有原来对的 36 件。",
    )
    assert event.accuracy < event.accuracy_before == 1.0
    assert selectors.model_in_service(now + timedelta(days=1)) == first


@pytest.mark.parametrize(
    ("better", "worse", "chance"),
    [(0, 0, 1), (1, 0, 0.5), (4, 0, 0.0625), (5, 0, 0.03125), (3, 2, 0.5), (9, 3, 299 / 4096), (10, 3, 378 / 8192)],
)
def test_a_handful_of_tickets_may_be_chance(better, worse, chance):
    assert selectors.by_chance(better, worse) == chance


def test_a_lead_that_may_be_chance_does_not_replace_what_is_in_service_before_a_week(learned, now):
    light = DutyItem.objects.get(code="CG-02-003")
    nights = []
    for day in (1, 7):
        RoutingExample.objects.bulk_create([ticket(900 + day, "路灯不亮", light, now - timedelta(days=4 - day))])
        event = services.learn_from_experience(at=now + timedelta(days=day))
        nights.append((event.act, event.words))

    same = "留出的工单里，只有新版对的 0 件，只有原来对的 0 件。"
    assert nights == [
        ("decline", f"差别可能是偶然，在用的还不满 7 天。{same}"),
        ("adopt", f"不比原来差，在用的已满 7 天。{same}"),
    ]


def test_a_clear_lead_replaces_what_is_in_service_at_once(ganzhou, now, administrator):
    history(now)
    examples = [lesson.example for lesson in selectors.lessons(now)]
    row = services.learn_model(name="旧热线", examples=examples, by="root", at=now)
    services.put_in_service(model_id=row.pk, reason="带来的历史", stays=False, by=administrator, at=now)

    event = services.learn_from_experience(at=now + timedelta(hours=12))

    assert event.act == "adopt"
    assert event.words.startswith("比原来好，不像偶然。")


def test_an_old_version_is_put_back_with_a_reason_and_stays(learned, now, administrator):
    first, later = learned.model, now + timedelta(days=7)
    light = DutyItem.objects.get(code="CG-02-003")
    RoutingExample.objects.bulk_create([ticket(900, "路灯不亮", light, now - timedelta(days=4))])
    second = services.learn_from_experience(at=later).model
    assert selectors.model_in_service(later) == second

    event = services.put_in_service(model_id=first.pk, reason=" 新版不顺手 ", stays=True, by=administrator, at=later)
    RoutingExample.objects.bulk_create([ticket(901, "路灯不亮", light, now - timedelta(days=3))])
    third = services.learn_from_experience(at=later + timedelta(days=1))

    assert (event.act, event.words, event.by) == ("choose", "新版不顺手", administrator)
    assert third.act == "decline"
    assert third.words.startswith("管理员指定不自动换用。")
    assert selectors.model_in_service(later + timedelta(days=1)) == first


def test_it_is_stopped_and_the_router_is_as_before(learned, now, administrator):
    services.stop_experience(reason="先停一停", by=administrator, at=now)

    best = selectors.suggest(text="路灯不亮", at=now)[0]
    assert [part.label for part in best.parts] == ["事项", "用词", "属地"]
    with pytest.raises(services.ModelRefused, match="现在没有在用的模型。"):
        services.stop_experience(reason="再停", by=administrator, at=now)


def test_what_cannot_be_chosen_is_refused_and_nothing_changes(learned, now, administrator):
    other = RoutingModel.objects.create(
        name="七类", version=1, made_at=now, made_by="root", rows=2, labels=["供水", "噪声"], weights=b"x"
    )
    bare = RoutingModel.objects.create(
        name="派单经验", version=7, made_at=now, made_by="root", rows=2, labels=list(WAYS)
    )
    given = {"reason": "试试", "stays": False, "by": administrator, "at": now}

    for key, why in [
        (other.pk, "七类第1版学的分类不是现行清单的事项代码，不能启用。"),
        (bare.pk, "派单经验第7版已清理，不能再启用。"),
        (learned.model_id, "派单经验第1版已在用。"),
    ]:
        with pytest.raises(services.ModelRefused, match=why):
            services.put_in_service(model_id=key, **given)
    with pytest.raises(services.ModelRefused, match="请写明理由。"):
        services.put_in_service(model_id=learned.model_id, **given | {"reason": " ", "stays": True})
    with pytest.raises(rights.NotPermitted):
        services.put_in_service(model_id=learned.model_id, **given | {"by": UserFactory(roles=("dispatcher",))})
    with pytest.raises(rights.NotPermitted):
        services.stop_experience(reason="停", by=UserFactory(roles=("dispatcher",)), at=now)
    assert RoutingModelEvent.objects.count() == 1


def test_old_versions_lose_their_weights_but_never_the_one_in_service(learned, now, administrator):
    services.put_in_service(model_id=learned.model_id, reason="留着", stays=True, by=administrator, at=now)
    lay_down(now, "routing_models_kept", "1")
    light = DutyItem.objects.get(code="CG-02-003")

    for day in (1, 2):
        RoutingExample.objects.bulk_create([ticket(900 + day, "路灯不亮", light, now - timedelta(days=4 - day))])
        assert services.learn_from_experience(at=now + timedelta(days=day)).act == "decline"

    kept = RoutingModel.objects.exclude(weights=None).order_by("version").values_list("version", flat=True)
    assert list(kept) == [1, 3]
    with pytest.raises(selectors.ModelUnknown, match="“派单经验第2版”已清理，不能再用。"):
        selectors.load_model(selectors.find_model("派单经验", 2))
