"""Tries of the public, counted per number and per address apart, in the cache. Limits are dated parameters."""

from datetime import datetime

from django.core.cache import cache

from hotline import crypto, parameters
from hotline.errors import DomainError
from hotline.remembering import count

HOUR = 3600


class TooOften(DomainError):
    """Too many tries; nothing was done."""


def count_submission(*, phone: str, address: str, at: datetime) -> None:
    """One more submission. A phone and an address each have their own count: neither can use up the other's."""
    most = parameters.integer("public_submit_tries", at=at)
    count_try("submit-phone", phone, most, at, f"这个手机号一小时内已提交 {most} 次，请稍后再试，或拨 12345。")
    # A village or a company shares one address.
    count_try("submit-address", address, most * 5, at, "这个网络一小时内提交太多，请稍后再试，或拨 12345。")


def count_addition(*, number: str, address: str, at: datetime) -> None:
    """One more urge, supplement or withdrawal of an appeal."""
    most = parameters.integer("public_submit_tries", at=at)
    count_try("add-number", number, most, at, f"这件诉求一小时内已催办、补充 {most} 次，请稍后再试，或拨 12345。")
    count_try("add-address", address, most * 5, at, "这个网络一小时内提交太多，请稍后再试，或拨 12345。")


def count_query(*, number: str, address: str, at: datetime) -> None:
    """One more wrong pair of number and code."""
    most = parameters.integer("citizen_query_tries", at=at)
    count_try("query-number", number, most, at, f"编号和查询码一小时内最多试 {most} 次，请稍后再试，或拨 12345。")
    count_try("query-address", address, most * 5, at, "这个网络一小时内查错太多，请稍后再试，或拨 12345。")


def may_query(*, number: str, address: str, at: datetime) -> None:
    """Raises when the wrong tries are used up, whatever is tried now."""
    most = parameters.integer("citizen_query_tries", at=at)
    if cache.get(_key("query-number", number, at), 0) >= most:
        raise TooOften(f"编号和查询码一小时内最多试 {most} 次，请稍后再试，或拨 12345。")
    if cache.get(_key("query-address", address, at), 0) >= most * 5:
        raise TooOften("这个网络一小时内查错太多，请稍后再试，或拨 12345。")


def _key(purpose: str, value: str, at: datetime) -> str:
    """Neither the phone nor the address stands readable in the cache."""
    return f"{purpose}:{crypto.blind_index(value, purpose)}:{at.timestamp() // HOUR:.0f}"


def count_try(purpose: str, value: str, most: int, at: datetime, sentence: str) -> None:
    """One more try of this hour. Raises TooOften with the sentence when it is more than `most`."""
    if count(_key(purpose, value, at), seconds=HOUR) > most:
        raise TooOften(sentence)
