"""Three invented matters, each told in five ways among characters that mean nothing."""

import random

import pytest

from responsibility.learning import Example

MATTERS = {
    "供水": ("自来水又停了", "水管爆裂没有水", "一滴水都没有", "水压太低自来水上不去", "水管里的水发黄"),
    "噪声": ("夜里施工太吵", "打桩机响到凌晨太吵", "施工噪声吵醒孩子", "半夜打桩", "音响噪声太吵"),
    "拖欠工资": ("老板不发工资", "半年的工钱没结", "拖欠工资不给", "老板拖着工钱", "工资欠了三个月"),
}
FILLING = [chr(point) for point in range(0x5000, 0x5600)]


@pytest.fixture
def examples():
    """Sixty rows, twenty of each label, none a near-duplicate of another."""
    chance = random.Random(7)
    return [
        Example(way if number % 2 else "", f"{''.join(chance.choices(FILLING, k=24))}，{way}", label)
        for label, ways in MATTERS.items()
        for number in range(20)
        for way in [ways[number % 5]]
    ]
