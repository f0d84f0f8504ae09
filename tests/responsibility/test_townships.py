"""A township's own list guards it: it names what the township leads, whatever the items say."""

from datetime import date

import pytest

from hotline.models import Region, Unit
from responsibility import selectors, services
from responsibility.models import DutyItem, DutyItemEvent, DutyList, TownshipDuty
from responsibility.services import DutyRefused

WHY = {"reason": "按三定。", "by": None}


@pytest.fixture
def township(ganzhou):
    """永丰镇, of 兴国县."""
    return Unit.objects.get(region__name="永丰镇", kind="township", parent__code="C360732")


@pytest.fixture
def draft(township, now):
    return services.draft_list(scope=township, reason="第一版。", by=None, at=now)


@pytest.fixture
def published(draft):
    DutyList.objects.filter(pk=draft.pk).update(state="published", effective_from=date(2026, 9, 1))
    return draft


def suggested(now, text="宅基地建房审批一年没有答复"):
    return selectors.suggest(text=text, region=Region.objects.get(name="永丰镇"), at=now)


def test_the_first_version_names_what_the_items_say(draft):
    assert draft.title == "永丰镇履职事项清单"
    assert draft.items.count() == 0
    roles = dict(draft.duties.values_list("code", "role"))
    assert (roles["NY-01-001"], roles["CG-02-003"], roles["JT-03-001"]) == ("lead", "lead", "assist")
    assert "SC-07-002" not in roles


def test_with_the_item_in_the_list_the_township_is_expected(published, now):
    best = suggested(now)[0]

    assert (best.item.code, str(best.expected_unit)) == ("NY-01-001", "永丰镇")


@pytest.mark.parametrize(
    ("role", "why"),
    [
        ("assist", "《永丰镇履职事项清单第1版》对“宅基地和农村建房”只列为协助，不能作主责，部门的事不下派。"),
        ("none", "《永丰镇履职事项清单第1版》没有列入“宅基地和农村建房”，部门的事不下派。"),
    ],
)
def test_what_the_list_does_not_name_as_its_own_goes_to_the_department(township, published, now, role, why):
    TownshipDuty.objects.filter(duty_list=published, code="NY-01-001").delete()
    if role != "none":
        TownshipDuty.objects.create(duty_list=published, code="NY-01-001", role=role)
    item = DutyItem.objects.get(code="NY-01-001")

    candidates = suggested(now)
    inside = selectors.county_candidates(
        item=item, text="宅基地建房审批", region=township.region, centre=township.parent, at=now
    )

    assert (candidates[0].expected_unit.code, candidates[-1].unit, candidates[-1].refused) == (
        "360732-agriculture",
        township,
        why,
    )
    assert (inside[0].unit.code, inside[-1].unit, inside[-1].refused) == ("360732-agriculture", township, why)
    assert selectors.why_township_not_lead(township=township, item=item, text="宅基地建房审批", at=now) == why


def test_the_list_takes_nothing_from_a_department(township, published, now):
    TownshipDuty.objects.create(duty_list=published, code="SC-07-002", role="lead")
    item = DutyItem.objects.get(code="SC-07-002")

    assert selectors.why_township_not_lead(township=township, item=item, text="电梯坏了", at=now) == (
        "“电梯困人、停用、维保”没有列入乡镇（街道）履职事项，部门的事不下派。"
    )


def test_before_its_day_and_in_another_township_the_items_word_holds(draft, now):
    TownshipDuty.objects.filter(duty_list=draft).delete()

    assert str(suggested(now)[0].expected_unit) == "永丰镇"


def test_a_suggestion_takes_two_queries_more_where_the_township_has_a_list(published, now, django_assert_num_queries):
    suggested(now)
    place = Region.objects.get(name="永丰镇")

    with django_assert_num_queries(5):
        selectors.suggest(text="宅基地建房审批", region=place, at=now)


def test_roles_are_changed_with_a_reason_and_remembered(draft, now):
    codes = ["JT-03-001", "NY-01-001"]

    assert services.set_duties(list_id=draft.pk, codes=codes, role="assist", at=now, **WHY) == ["NY-01-001"]
    assert services.set_duties(list_id=draft.pk, codes=codes, role="none", at=now, **WHY) == codes
    assert services.set_duties(list_id=draft.pk, codes=codes, role="none", at=now, **WHY) == []

    assert not draft.duties.filter(code__in=codes).exists()
    events = DutyItemEvent.objects.filter(code="NY-01-001").order_by("pk")
    assert [(event.changes["township_role"], event.reason) for event in events] == [
        (["lead", "assist"], "按三定。"),
        (["assist", "none"], "按三定。"),
    ]


@pytest.mark.parametrize(
    ("codes", "role", "why"),
    [
        (["JT-03-001"], "lead", "JT-03-001 农村道路修建和养护 在现行清单里乡镇（街道）只协助，不能列为主责。"),
        (["SC-07-002"], "assist", "SC-07-002 在现行清单里不是乡镇（街道）的事项。"),
    ],
)
def test_the_list_does_not_take_upon_a_township_what_items_do_not_give(draft, now, codes, role, why):
    with pytest.raises(DutyRefused, match=why):
        services.set_duties(list_id=draft.pk, codes=codes, role=role, at=now, **WHY)


def test_a_duty_whose_item_ended_is_unlisted_and_nothing_else(draft, now):
    TownshipDuty.objects.create(duty_list=draft, code="SC-07-002", role="assist")
    kept = draft.duties.count()

    with pytest.raises(DutyRefused, match="SC-07-002 在现行清单里不是乡镇（街道）的事项，只能改为不列。"):
        services.set_duties(list_id=draft.pk, codes=["NY-01-001", "SC-07-002"], role="assist", at=now, **WHY)
    assert draft.duties.get(code="NY-01-001").role == "lead"

    assert services.set_duties(list_id=draft.pk, codes=["SC-07-002"], role="none", at=now, **WHY) == ["SC-07-002"]
    assert (draft.duties.count(), selectors.problems(draft, at=now)) == (kept - 1, [])
    event = DutyItemEvent.objects.get(code="SC-07-002")
    assert event.changes["township_role"] == ["assist", "none"]


def test_what_a_townships_version_is_not(draft, published, ganzhou, now):
    with pytest.raises(DutyRefused, match="履职事项清单不能试派"):
        services.ask_for_trial(list_id=draft.pk, by=None, at=now)
    with pytest.raises(DutyRefused, match="不是乡镇（街道）履职事项清单的草稿"):
        services.set_duties(list_id=published.pk, codes=["NY-01-001"], role="none", at=now, **WHY)
    following = services.draft_list(scope=draft.scope, reason="下一版。", by=None, at=now)
    with pytest.raises(DutyRefused, match="只列履职事项，事项在市级、县级清单里改"):
        services.add_item(list_id=following.pk, code="X-1", values={}, at=now, **WHY)
    assert following.duties.count() == draft.duties.count()
    following.duties.all().delete()
    with pytest.raises(DutyRefused, match="清单里还没有事项，不能送审。"):
        services.submit_list(list_id=following.pk, by=None, at=now)


def test_a_duty_that_no_list_gives_any_more_is_worth_a_look(draft, now):
    assert selectors.problems(draft, at=now) == []

    TownshipDuty.objects.create(duty_list=draft, code="SC-07-002", role="assist")

    (problem,) = selectors.problems(draft, at=now)
    assert (problem.sentence, problem.blocks) == (
        "SC-07-002 已不是现行清单里乡镇（街道）的事项，列了也不起作用。",
        False,
    )
