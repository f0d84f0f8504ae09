from datetime import datetime, timedelta

import pytest

from hotline import parameters, services
from hotline.errors import DomainError
from hotline.limits import Limit
from hotline.models import Parameter, SecurityLog

pytestmark = pytest.mark.usefixtures("rules")


def put(key, value, when, **fields):
    Parameter.objects.create(key=key, value=value, valid_from=when, **fields)
    parameters.forget_parameters()


def test_a_parameter_without_a_value_is_made_only_in_a_given_shape(now):
    given = {"key": "line_limit.q1.accept", "valid_from": now, "source": "x", "by": None, "at": now}
    with pytest.raises(parameters.ParameterMissing):
        services.set_parameter(value="7wd", **given)
    with pytest.raises(services.ParameterRefused, match="应为时限，如“1wd”"):
        services.set_parameter(value="七天", like="1wd", **given)

    services.set_parameter(value="7wd", like="1wd", **given)

    assert parameters.limit("line_limit.q1.accept", at=now) == Limit(7, "wd")


def test_an_old_matter_keeps_the_rule_of_its_day(now):
    put("limit.help", "5wd", now + timedelta(days=10))

    assert parameters.limit("limit.help", at=now) == Limit(7, "wd")
    assert parameters.limit("limit.help", at=now + timedelta(days=10)) == Limit(5, "wd")
    assert parameters.limit("limit.help", at=now - timedelta(days=4000)) == Limit(7, "wd")


def test_many_questions_are_one_query(now, django_assert_num_queries):
    with django_assert_num_queries(1):
        for _ in range(3):
            parameters.limit("limit.help", at=now)
            parameters.integer("followup_attempts", at=now)


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (parameters.integer, "应为整数"),
        (parameters.number, "应为数字"),
        (parameters.limit, "应为时限"),
        (parameters.hours, "应为时段"),
    ],
)
def test_a_value_of_the_wrong_shape_says_which_and_what(now, read, message):
    put("odd", "abc", now)

    with pytest.raises(parameters.ParameterMisread, match=f"参数“odd”的取值“abc”{message}"):
        read("odd", at=now)


def test_a_missing_parameter_is_named(now):
    with pytest.raises(parameters.ParameterMissing, match=r"参数“no\.such”没有取值"):
        parameters.text("no.such", at=now)


@pytest.mark.parametrize(
    ("hours", "moment", "after"),
    [
        ("22:00-08:00", "10T21:59", "10T21:59"),
        ("22:00-08:00", "10T22:00", "11T08:00"),
        ("22:00-08:00", "11T00:30", "11T08:00"),
        ("22:00-08:00", "11T07:59", "11T08:00"),
        ("22:00-08:00", "11T08:00", "11T08:00"),
        ("12:00-14:00", "10T11:59", "10T11:59"),
        ("12:00-14:00", "10T12:00", "10T14:00"),
        ("12:00-14:00", "10T15:00", "10T15:00"),
    ],
)
def test_the_end_of_a_span_which_may_run_past_midnight(now, hours, moment, after):
    put("quiet_hours", hours, now)

    def at(text):
        return datetime.fromisoformat(f"2026-11-{text}:00+08:00")

    assert parameters.after_hours("quiet_hours", at=at(moment)) == at(after)


def test_a_new_value_holds_from_its_date_and_is_logged(now):
    later = now + timedelta(days=30)

    services.set_parameter(key="limit.help", value="5wd", valid_from=later, source="赣市府办", by=None, at=now)

    assert parameters.limit("limit.help", at=now) == Limit(7, "wd")
    assert parameters.limit("limit.help", at=later) == Limit(5, "wd")
    row = SecurityLog.objects.get()
    assert (row.kind, row.subject, row.reason) == ("parameter", "limit.help = 5wd", "赣市府办")


@pytest.mark.parametrize(
    ("key", "value", "days", "message"),
    [
        ("limit.help", "5", 1, "取值应为时限，如“7wd”"),
        ("followup_attempts", "3.5", 1, "取值应为整数"),
        ("followup_attempts", "-1", 1, "取值应为整数"),
        ("followup_attempts", "1000000", 1, "取值应为整数"),
        ("followup_attempts", "１０", 1, "取值应为整数"),
        ("lock_failures", "0", 1, "取值应在 1 到 100 之间，否则谁也登录不了"),
        ("lock_minutes", "1441", 1, "取值应在 1 到 1440 之间"),
        ("idle_minutes", "0", 1, "取值应在 1 到 1440 之间"),
        ("password_max_days", "0", 1, "取值应在 1 到 3650 之间"),
        ("password_classes", "5", 1, "取值应在 1 到 4 之间"),
        ("review_sample_rate", "20", 1, "取值应为0到1之间的小数"),
        ("quiet_hours", "22-8", 1, "取值应为时段"),
        ("followup_hours.morning", "12:00-09:00", 1, "应在同一天内，结束要晚于开始，如“09:00-12:00”"),
        ("followup_hours.morning", "09:00-09:00", 1, "应在同一天内，结束要晚于开始"),
        ("limit.help", "5wd", -1, "只能从现在或以后的时间起生效"),
        ("no.such", "1", 1, "没有取值"),
    ],
)
def test_a_value_that_cannot_hold_is_refused(now, key, value, days, message):
    before = Parameter.objects.count()

    with pytest.raises(DomainError, match=message):
        services.set_parameter(
            key=key, value=value, valid_from=now + timedelta(days=days), source="x", by=None, at=now
        )

    assert Parameter.objects.count() == before
