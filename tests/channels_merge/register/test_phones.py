"""Announced numbers: rung, changed, stopped, announced anew; who may."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from channels_merge import rights, selectors, services
from channels_merge.models import PublicPhone, Republication
from hotline.models import Notice
from tests.channels_merge.register.conftest import make_desk
from tests.factories.channels_merge import NOON
from tests.races import race

pytestmark = pytest.mark.django_db

WORDS = {"purpose": "客运投诉", "announced": "局网站、客运站", "maintainer": "客运科 0797-8000002"}


@pytest.fixture
def desk(db):
    """Made for each test: one of them empties the tables."""
    return make_desk()


def add(desk, number="0797-8000001", **fields):
    return services.add_phone(
        **({"owner": desk.department, "number": number, **WORDS, "by": desk.liaison, "at": NOON} | fields)
    )


def shown(tab, at=NOON):
    tabs = {one.code: one.rows for one in selectors.phone_tabs(at=at)}
    return sorted(PublicPhone.objects.filter(tabs[tab]).values_list("number", flat=True))


def test_a_number_that_was_never_rung_or_not_for_long_is_listed(desk):
    add(desk)
    rung = add(desk, "12328")
    services.check_phone(phone_id=rung.pk, is_right=True, note="接通。", by=desk.manager, at=NOON)

    assert shown("unchecked") == ["0797-8000001"]
    assert shown("unchecked", at=NOON + timedelta(days=90)) == ["0797-8000001"]
    assert shown("unchecked", at=NOON + timedelta(days=91)) == ["0797-8000001", "12328"]


def test_a_wrong_number_says_what_is_wrong_and_its_unit_is_told(desk):
    phone = add(desk)
    with pytest.raises(services.PhoneRefused, match="请写哪里有误。"):
        services.check_phone(phone_id=phone.pk, is_right=False, by=desk.manager, at=NOON)

    services.check_phone(phone_id=phone.pk, is_right=False, note="空号。", by=desk.manager, at=NOON)

    phone.refresh_from_db()
    assert (phone.status, phone.checked_on, phone.checked_by, phone.check_note) == (
        "wrong",
        date(2026, 11, 10),
        desk.manager,
        "空号。",
    )
    assert shown("wrong") == ["0797-8000001"]
    assert set(Notice.objects.values_list("kind", "recipient__name")) == {
        ("phone_wrong", "孙丽"),
        ("phone_wrong", "陈刚"),
    }


def test_a_change_is_announced_anew_by_its_day_and_reminded_of_once(desk):
    phone = add(desk)
    services.check_phone(phone_id=phone.pk, is_right=True, by=desk.manager, at=NOON)

    task = services.change_phone(
        phone_id=phone.pk, number="0797-8000009", reason="装机搬迁。", by=desk.liaison, at=NOON
    )

    phone.refresh_from_db()
    assert (phone.number, phone.status, phone.checked_on) == ("0797-8000009", "used", None)
    assert (task.kind, task.old_number, task.due_on) == ("changed", "0797-8000001", date(2026, 11, 24))
    assert shown("republish") == ["0797-8000009"]
    assert services.look_after_channels(at=NOON.replace(day=24))["numbers"] == 0
    late = NOON.replace(day=25)
    assert services.look_after_channels(at=late)["numbers"] == 2
    services.look_after_channels(at=late + timedelta(days=1))
    assert Notice.objects.filter(kind="phone_republish_late").count() == 2
    assert shown("late", at=late) == ["0797-8000009"]

    services.republish(republication_id=task.pk, where="局网站", by=desk.liaison, at=late)

    phone.refresh_from_db()
    assert (phone.announced, shown("republish"), shown("late", at=late)) == ("局网站", [], [])
    with pytest.raises(services.PhoneRefused, match="已经重新公布"):
        services.republish(republication_id=task.pk, where="局网站", by=desk.liaison, at=late)


def test_a_second_change_before_the_first_is_announced_keeps_the_first_number_and_day(desk):
    phone = add(desk)
    first = services.change_phone(phone_id=phone.pk, number="0797-8000009", reason="搬迁。", by=None, at=NOON)

    second = services.stop_phone(phone_id=phone.pk, reason="并入 12345。", by=None, at=NOON + timedelta(days=3))

    assert (second.pk, second.kind, second.old_number, second.due_on, second.reason) == (
        first.pk,
        "stopped",
        "0797-8000001",
        first.due_on,
        "并入 12345。",
    )


def test_a_stopped_number_is_neither_rung_nor_changed_and_may_be_entered_again(desk):
    phone = add(desk)
    services.stop_phone(phone_id=phone.pk, reason="并入 12345。", by=desk.liaison, at=NOON)

    for act in (
        lambda: services.check_phone(phone_id=phone.pk, is_right=True, by=desk.manager, at=NOON),
        lambda: services.change_phone(phone_id=phone.pk, number="12328", reason="……", by=desk.liaison, at=NOON),
        lambda: services.stop_phone(phone_id=phone.pk, reason="……", by=desk.liaison, at=NOON),
    ):
        with pytest.raises(services.PhoneRefused, match="0797-8000001 已停用。"):
            act()
    assert shown("unchecked") == []
    assert add(desk).pk != phone.pk


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"number": "张三"}, "不像电话号码"),
        ({"purpose": " "}, "请写用途。"),
        ({"announced": "长" * 201}, "在哪里公布最多写 200 个字。"),
        ({"number": "12328"}, "市交通运输局的 12328 已在台账里。"),
    ],
)
def test_what_is_entered_is_checked(desk, fields, sentence):
    add(desk, "12328")
    with pytest.raises(services.PhoneRefused, match=sentence):
        add(desk, **fields)
    assert PublicPhone.objects.count() == 1


def test_a_number_cannot_be_changed_into_one_that_is_there(desk):
    add(desk, "12328")
    phone = add(desk)

    with pytest.raises(services.PhoneRefused, match="已在台账里"):
        services.change_phone(phone_id=phone.pk, number="12328", reason="合并。", by=desk.liaison, at=NOON)

    phone.refresh_from_db()
    assert (phone.number, Republication.objects.count()) == ("0797-8000001", 0)


@pytest.mark.parametrize("who", ["other_liaison", "handler", "leader"])
def test_only_its_unit_and_the_manager_touch_a_number(desk, who):
    phone = add(desk)
    task = services.change_phone(phone_id=phone.pk, number="0797-8000009", reason="搬迁。", by=None, at=NOON)
    by = getattr(desk, who)

    for act in (
        lambda: add(desk, "12399", by=by),
        lambda: services.check_phone(phone_id=phone.pk, is_right=True, by=by, at=NOON),
        lambda: services.change_phone(phone_id=phone.pk, number="12328", reason="……", by=by, at=NOON),
        lambda: services.stop_phone(phone_id=phone.pk, reason="……", by=by, at=NOON),
        lambda: services.republish(republication_id=task.pk, where="……", by=by, at=NOON),
    ):
        with pytest.raises(rights.NotPermitted):
            act()
    assert PublicPhone.objects.get().status == "used"


def test_the_table_wants_a_sentence_with_a_wrong_number(desk):
    phone = add(desk)
    with pytest.raises(IntegrityError, match="publicphone_wrong_says_what"), transaction.atomic():
        PublicPhone.objects.filter(pk=phone.pk).update(status="wrong")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_enter_a_number_at_once_the_second_is_told(desk):
    told = race(lambda: add(desk), lambda: add(desk, by=desk.head))

    assert told == "市交通运输局的 0797-8000001 已在台账里。"
    assert PublicPhone.objects.count() == 1
