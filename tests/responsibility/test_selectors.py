from datetime import date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from hotline.dates import SHANGHAI
from hotline.models import Region, Unit
from hotline.services import reference
from responsibility import selectors, services
from responsibility.models import Category, DutyItem, DutyList, Governance
from responsibility.selectors import suggesting
from responsibility.states import Outcome
from tests.factories.hotline import CountyCentreFactory, CountyFactory, UnitFactory
from tests.factories.responsibility import DutyItemFactory, DutyListFactory, GovernanceFactory


def region(name):
    return Region.objects.get(name=name)


def seen(candidates):
    return [(candidate.item.code, str(candidate.unit), str(candidate.expected_unit)) for candidate in candidates]


def test_a_county_matter_goes_to_the_centre_that_governs_the_place(ganzhou, now):
    best = selectors.suggest(text="小区电梯困人后停用一周", region=region("南康区"), at=now)[0]

    assert (best.item.code, best.unit.code, best.expected_unit.code) == (
        "SC-07-002",
        "C360703",
        "360703-market_supervision",
    )
    assert best.overseer.code == "CITY-SCJG"
    assert best.matched_words[:2] == ("电梯困人", "电梯")
    assert best.place_rule == "属地南康区，由南康热线中心管辖。"
    assert best.refused == ""
    assert sum(part.points for part in best.parts) == best.score
    assert best.reasons[2] == "属地：属地南康区，由南康热线中心管辖。"


def test_a_city_matter_goes_to_the_city_unit_wherever_it_happened(ganzhou, now):
    best = selectors.suggest(text="公积金贷款批不下来", region=region("信丰县"), at=now)[0]

    assert (best.unit.code, best.expected_unit, best.place_rule) == ("CITY-GJJ", None, "市级主责，不分属地。")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("法院判决书下来两年了，老赖不还钱，强制执行没有进展", "FL-01-001"),
        ("举报村干部贪污，侵吞公款，吃拿卡要", "ZW-02-001"),
        ("信访局的信访答复不满意，要申请复查复核", "XN-01-001"),
    ],
)
def test_a_matter_with_another_lawful_way_is_proposed_to_nobody(ganzhou, now, text, code):
    candidates = selectors.suggest(text=text, region=region("东山街道"), at=now)
    best = candidates[0]

    assert (best.item.code, best.is_legal_route, best.unit, best.expected_unit, best.overseer) == (
        code,
        True,
        None,
        None,
        None,
    )
    assert sum(part.points for part in best.parts) == best.score
    assert best.reasons[2] == "途径：依法有专门途径，不派单，由 12345 告知。"
    assert [candidate.refused for candidate in candidates] == [""] * len(candidates)


def test_a_township_is_listed_as_refused_for_a_departments_matter(ganzhou, now):
    candidates = selectors.suggest(text="小区电梯困人后停用一周", region=region("东山街道"), at=now)

    assert (candidates[0].unit.code, candidates[-1].unit.code) == ("C360703", "T360703002")
    assert candidates[-1].refused == "“电梯困人、停用、维保”没有列入乡镇（街道）履职事项，部门的事不下派。"
    assert [candidate.unit.kind for candidate in candidates if not candidate.refused] == ["county_centre"]


def test_a_township_that_only_assists_is_refused_as_lead(ganzhou, now):
    refused = selectors.suggest(text="村道坑坑洼洼没人修，道路硬化也没有", region=region("永丰镇"), at=now)[-1]

    assert (refused.unit.short_name, refused.score) == ("永丰镇", 0)
    assert refused.refused == "乡镇（街道）对“农村道路修建和养护”只协助，不能作主责，部门的事不下派。"


def test_a_township_is_expected_when_the_item_says_it_leads(ganzhou, now):
    candidates = selectors.suggest(text="宅基地建房审批一年没有答复", region=region("永丰镇"), at=now)

    assert seen(candidates)[0] == ("NY-01-001", "兴国热线中心", "永丰镇")
    assert [candidate.refused for candidate in candidates] == [""] * len(candidates)


def test_a_zone_governs_a_township_that_the_codes_put_in_a_county(ganzhou, now):
    best = selectors.suggest(text="路灯不亮一个月了", region=region("蟠龙镇"), at=now)[0]

    assert (best.unit.code, best.expected_unit.code) == ("C360700-JK", "360700-JK-urban_management")
    assert best.place_rule == "属地蟠龙镇，由经开区热线中心管辖（管辖待确认）。"


def test_a_chosen_county_is_made_narrower_by_a_township_named_in_the_text(ganzhou, now):
    best = selectors.suggest(text="蟠龙镇的路灯不亮一个月了", region=region("章贡区"), at=now)[0]

    assert best.unit.code == "C360700-JK"
    assert best.place_rule == "属地章贡区，文中提到蟠龙镇，由经开区热线中心管辖（管辖待确认）。"


def test_a_place_named_in_the_text_serves_when_none_was_chosen(ganzhou, now):
    best = selectors.suggest(text="于都长征大道的路灯不亮", at=now)[0]

    assert (best.unit.code, best.place_rule) == ("C360731", "文中提到于都县，由于都热线中心管辖。")


def test_without_a_place_a_county_matter_has_an_item_and_no_unit(ganzhou, now):
    best = selectors.suggest(text="小区门口的路灯不亮一个月了", at=now)[0]

    assert (best.item.code, best.unit, best.expected_unit) == ("CG-02-003", None, None)
    assert best.place_rule == "地点不明：没有选定县（市、区），文中也没有提到。事项由县级城市管理部门主责。"
    assert best.county_function == "urban_management"


def test_a_zone_without_such_a_department_leaves_it_to_its_centre(ganzhou, now):
    best = selectors.suggest(text="农田水渠堵了，没水灌溉", region=region("赣州蓉江新区"), at=now)[0]

    assert (best.unit.code, best.expected_unit) == ("C360700-RJ", None)
    assert best.place_rule.endswith("本地没有职能为“水利”的单位，由蓉江新区热线中心确定。")


def test_governance_changes_from_its_day(ganzhou, now):
    panlong, zhanggong = region("蟠龙镇"), Unit.objects.get(code="C360702")
    Governance.objects.filter(region=panlong, unit__code="C360700-JK").update(valid_until=date(2026, 10, 1))
    Governance.objects.create(region=panlong, unit=zhanggong, valid_from=date(2026, 10, 1), source="市委编办通知")

    def unit_at(moment):
        return selectors.suggest(text="路灯不亮", region=panlong, at=moment)[0].unit.code

    assert unit_at(datetime(2026, 9, 30, 23, 59, tzinfo=SHANGHAI)) == "C360700-JK"
    assert unit_at(datetime(2026, 10, 1, 0, 0, tzinfo=SHANGHAI)) == "C360702"


def test_a_unit_that_has_ended_is_not_proposed(ganzhou, now):
    Unit.objects.filter(code="360703-market_supervision").update(valid_until=date(2026, 9, 1))

    best = selectors.suggest(text="电梯困人", region=region("南康区"), at=now)[0]

    assert (best.unit.code, best.expected_unit) == ("C360703", None)


def test_nothing_said_means_no_candidate_and_a_reason(ganzhou, now):
    text = "谢谢领导一直以来的关心"

    assert selectors.suggest(text=text, region=region("南康区"), at=now) == []
    assert (
        selectors.why_none(text=text, at=now)
        == "诉求用词没有命中清单中的任何事项，请由派单员判断，或按首办负责提请裁定。"
    )


def test_a_chosen_category_agrees(ganzhou, now):
    leaf = Category.objects.get(code="060401")
    best = selectors.suggest(text="电梯坏了", category=leaf, region=region("南康区"), at=now)[0]

    assert best.parts[0].text == "SC-07-002 电梯困人、停用、维保，与所选分类一致"


@pytest.mark.parametrize("text", ["电梯困人", "电梯困人，物业不管，消防通道也堵了，楼下油烟还大，路灯不亮"])
def test_a_suggestion_takes_three_queries_once_compiled(ganzhou, now, django_assert_num_queries, text):
    nankang = region("南康区")
    selectors.suggest(text="路灯", at=now)

    with django_assert_num_queries(3):
        selectors.suggest(text=text, region=nankang, at=now)


@pytest.mark.django_db
def test_without_a_list_nothing_is_proposed(now):
    assert selectors.suggest(text="路灯不亮", at=now) == []
    assert selectors.why_none(text="路灯不亮", at=now) == "当前没有执行中的市级职责清单，请由派单员选择单位。"


@pytest.mark.django_db
def test_the_list_in_force_is_the_latest_published_one_of_the_day(now):
    first = DutyListFactory(version=1, effective_until=date(2026, 10, 8))
    second = DutyListFactory(version=2, effective_from=date(2026, 10, 8))
    DutyListFactory(version=3, state="draft", effective_from=None)

    assert selectors.current_list(now) == first
    assert selectors.current_list(datetime(2026, 10, 8, tzinfo=SHANGHAI)) == second
    assert selectors.current_list(datetime(2025, 12, 31, tzinfo=SHANGHAI)) is None


@pytest.mark.django_db
def test_a_new_version_proposes_by_its_own_items(now):
    old = DutyListFactory(version=1, effective_until=date(2026, 10, 8))
    DutyItemFactory(duty_list=old, code="A-1", words=["路灯"])
    new = DutyListFactory(version=2, effective_from=date(2026, 10, 8))
    DutyItemFactory(duty_list=new, code="B-1", words=["路灯"])
    later = datetime(2026, 10, 9, 9, 0, tzinfo=SHANGHAI)

    assert [selectors.suggest(text="路灯坏了", at=at)[0].item.code for at in (now, later)] == ["A-1", "B-1"]


@pytest.mark.django_db
def test_a_unit_that_is_gone_is_proposed_no_more(ganzhou, now):
    day = date(2026, 9, 29)
    Unit.objects.filter(code="C360703").update(valid_until=day)
    named = UnitFactory(valid_until=day)
    DutyItem.objects.filter(code="GJ-01-001").update(lead_unit=named)

    county, city = (
        selectors.suggest(text=text, region=region("南康区"), at=now)[0]
        for text in ("小区电梯困人后停用一周", "公积金贷款批不下来")
    )

    assert (county.unit, county.place_rule) == (None, "属地南康区，但当日没有管辖记录。事项由县级市场监管部门主责。")
    assert (city.item.code, city.unit.code) == ("GJ-01-001", "CITY-GJJ")


@pytest.mark.django_db(transaction=True)
def test_threads_that_ask_together_share_one_compiled_version(now):
    reference.load_regions()
    reference.load_units()
    services.load_duty_list()
    gate, items = Barrier(4), []

    def ask():
        try:
            gate.wait()
            items.append(selectors.suggest(text="路灯不亮", at=now)[0].item)
        finally:
            connection.close()

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(items) == 4
    assert {id(item) for item in items} == {id(items[0])}


@pytest.mark.django_db
def test_of_compiled_lists_those_used_last_are_kept_up_to_so_many_items(now, monkeypatch):
    kept = suggesting._compiled
    kept.clear()
    monkeypatch.setattr(suggesting, "_ITEMS_KEPT", 6)
    city = DutyItemFactory(code="A-1", words=["路灯"]).duty_list
    DutyItemFactory(code="A-2", words=["井盖"], duty_list=city)
    first, second, third = (DutyListFactory(scope=CountyCentreFactory(code=f"C{n}")) for n in range(3))

    def ask(county):
        selectors.county_candidates(
            item=None, text="路灯坏了", region=county.scope.region, centre=county.scope, at=now
        )

    def of_whom():
        return [[pk for pk, _ in key][-1] for key in kept]

    selectors.suggest(text="路灯坏了", at=now)
    ask(first)
    ask(second)
    selectors.suggest(text="路灯坏了", at=now)
    ask(third)
    after_four = of_whom()
    # Another item: the same version as it was before is not kept beside it.
    DutyItemFactory(code="B-1", words=["桥"], duty_list=third)
    third.save(update_fields=["changed_at"])
    ask(third)

    assert after_four == [second.pk, city.pk, third.pk]
    assert of_whom() == [city.pk, third.pk]
    assert (
        len({id(item.category) for each in kept.values() for item in each.items.values() if item.code == "A-1"}) == 2
    )
    kept.clear()


@pytest.mark.django_db
def test_a_version_published_while_the_system_runs_is_read_at_once(now):
    first = DutyListFactory(version=1)
    DutyItemFactory(duty_list=first, code="A-1", words=["路灯"])
    draft = DutyListFactory(version=2, state="draft", effective_from=None)
    item = DutyItemFactory(duty_list=draft, code="A-1", words=["路灯"])
    before = selectors.suggest(text="路灯坏了", at=now)[0].item

    first.effective_until = date(2026, 9, 29)
    first.save()
    draft.submit()
    draft.approve()
    draft.publish(effective_from=date(2026, 9, 29))
    draft.save()

    assert before.duty_list == first
    assert selectors.suggest(text="路灯坏了", at=now)[0].item == item


@pytest.mark.django_db
def test_a_given_unit_leads_a_city_item_in_place_of_the_function(now):
    bureau = UnitFactory(short_name="市公路中心")
    UnitFactory(short_name="市交通局", function="transport")
    DutyItemFactory(level="city", city_function="transport", county_function="", lead_unit=bureau)

    assert selectors.suggest(text="路灯坏了", at=now)[0].unit == bureau


def test_a_county_passes_a_matter_to_its_department(ganzhou, now):
    centre, item = Unit.objects.get(code="C360703"), DutyItem.objects.get(code="ZJ-01-001")
    candidates = selectors.county_candidates(
        item=item, text="物业不管小区保洁", region=region("东山街道"), centre=centre, at=now
    )

    assert [(candidate.unit.code, candidate.refused) for candidate in candidates] == [
        ("360703-housing", ""),
        ("T360703002", "乡镇（街道）对“物业服务质量”只协助，不能作主责，部门的事不下派。"),
    ]


def test_a_county_passes_a_township_matter_to_the_township_first(ganzhou, now):
    centre, item = Unit.objects.get(code="C360732"), DutyItem.objects.get(code="NY-01-001")
    candidates = selectors.county_candidates(
        item=item, text="宅基地建房审批没有答复", region=region("永丰镇"), centre=centre, at=now
    )

    assert [candidate.unit.code for candidate in candidates] == [
        "T360732" + region("永丰镇").code[6:],
        "360732-agriculture",
        "360732-natural_resources",
        "360732-housing",
    ]
    assert [candidate.score for candidate in candidates] == sorted((c.score for c in candidates), reverse=True)


def test_a_county_without_an_item_goes_by_the_text(ganzhou, now):
    centre = Unit.objects.get(code="C360703")
    best = selectors.county_candidates(item=None, text="电梯困人", region=None, centre=centre, at=now)[0]

    assert best.unit.code == "360703-market_supervision"


@pytest.mark.django_db
def test_a_countys_own_list_decides_inside_it(now):
    centre = CountyCentreFactory()
    GovernanceFactory(region=CountyFactory(), unit=centre)
    own = DutyList.objects.create(
        scope=centre, version=1, title="章贡区清单", state="published", effective_from=date(2026, 1, 1)
    )
    housing, _ = (
        UnitFactory(kind="county_department", function=function, parent=centre, region=centre.region)
        for function in ("housing", "urban_management")
    )
    DutyItemFactory(code="CG-02-003", words=["路灯"])
    city_item = DutyItem.objects.get(code="CG-02-003")
    local = DutyItemFactory(duty_list=own, code="CG-02-003", words=["路灯"], county_function="housing")
    inherited = DutyItemFactory(code="CG-02-004", words=["井盖"])
    added = DutyItemFactory(duty_list=own, code="ZG-01-001", words=["古城墙"])

    candidates = selectors.county_candidates(item=city_item, text="路灯坏了", region=None, centre=centre, at=now)

    assert [candidate.unit for candidate in candidates] == [housing]
    assert list(selectors.items_in_force(now, scope=centre)) == [local, inherited, added]
    assert list(selectors.items_in_force(now)) == [city_item, inherited]
    assert list(selectors.items_in_force(now, scope=city_item.duty_list.scope)) == [city_item, inherited]
    proposed = [
        selectors.county_candidates(item=None, text=text, region=None, centre=centre, at=now)
        for text in ("井盖坏了", "古城墙塌了", "路灯坏了")
    ]
    assert [[each.item for each in found] for found in proposed] == [[inherited], [added], [local]]


@pytest.mark.django_db
def test_what_the_city_changes_next_counts_in_a_county_that_says_nothing_of_it(now):
    centre = CountyCentreFactory()
    DutyListFactory(scope=centre, version=1)
    for function in ("housing", "urban_management"):
        UnitFactory(kind="county_department", function=function, parent=centre, region=centre.region)
    first = DutyListFactory(version=1, effective_until=date(2026, 10, 8))
    DutyItemFactory(duty_list=first, code="A-1", words=["路灯"])
    second = DutyListFactory(version=2, effective_from=date(2026, 10, 8))
    DutyItemFactory(duty_list=second, code="A-1", words=["路灯"], county_function="housing")
    later = datetime(2026, 10, 9, 9, 0, tzinfo=SHANGHAI)

    found = [
        selectors.county_candidates(item=None, text="路灯坏了", region=None, centre=centre, at=at)[0]
        for at in (now, later)
    ]

    assert [(each.item.duty_list, each.unit.function) for each in found] == [
        (first, "urban_management"),
        (second, "housing"),
    ]


@pytest.mark.parametrize(
    ("code", "text", "why"),
    [
        (
            "CG-02-003",
            "文清路的路灯坏了",
            "乡镇（街道）对“路灯不亮、缺路灯”只协助，不能作主责，部门的事不下派。",
        ),
        ("CG-02-003", "我们村的路灯坏了", ""),
        ("NY-01-001", "宅基地建房审批没有答复", ""),
        ("NY-01-001", "宅基地建房占用耕地", "乡镇（街道）对“宅基地和农村建房”只协助，不能作主责，部门的事不下派。"),
        ("SC-07-002", "电梯坏了", "“电梯困人、停用、维保”没有列入乡镇（街道）履职事项，部门的事不下派。"),
    ],
)
def test_what_a_township_may_be_follows_the_conditions(ganzhou, now, code, text, why):
    township, item = Unit.objects.get(code="T360732100"), DutyItem.objects.get(code=code)

    assert selectors.why_township_not_lead(township=township, item=item, text=text, at=now) == why


@pytest.mark.django_db
@pytest.mark.parametrize("item_count", [1, 3])
def test_what_became_of_items_in_ninety_days(now, django_assert_num_queries, item_count):
    items = [DutyItemFactory() for _ in range(item_count)]
    for days, outcome in [(1, "dispatched"), (2, "dispatched"), (3, "returned"), (89, "ruled"), (90, "dispatched")]:
        services.record_outcome(
            ticket_number="GZ260929000001",
            text="路灯不亮",
            category=None,
            region=None,
            kind="help",
            proposed_item=None,
            proposed_unit=None,
            final_item=items[0],
            final_unit=None,
            outcome=Outcome(outcome),
            at=now - timedelta(days=days),
        )

    with django_assert_num_queries(1):
        found = selectors.item_records(items=items, at=now)

    nothing = selectors.ItemRecord(0, 0, 0, 0)
    assert found == {items[0].code: selectors.ItemRecord(2, 1, 1, 0)} | {item.code: nothing for item in items[1:]}
