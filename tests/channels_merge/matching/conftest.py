import random
from datetime import datetime, timedelta

import numpy as np
import pytest

from channels_merge.matching import Background, Message, Profiles, pair_features, probabilities
from hotline.dates import SHANGHAI

AT = datetime(2026, 9, 1, 9, 0, tzinfo=SHANGHAI)
PLACES = (
    "水东镇七里村",
    "沙河镇罗边村",
    "蟠龙街道西坑社区",
    "湖边镇岗边村",
    "潭口镇洋山村",
    "凤岗镇大塘小区",
    "唐江镇卢屋村",
    "龙华镇赤江村",
    "镜坝镇文明村",
    "横市镇圩下村",
)
TROUBLES = (
    ("路灯不亮", "路灯坏了快一个月，晚上出门什么都看不见。"),
    ("垃圾没人清运", "垃圾桶满了好几天没有人来清运，天气热味道很大。"),
    ("自来水发黄", "自来水放出来是黄的，还有沙子，不敢用来做饭。"),
    ("半夜施工", "旁边工地半夜还在施工，机器声音很响，吵得睡不着觉。"),
)


def message(title, text="", days=0, **known):
    return Message(title, text or f"{title}，请尽快处理。", AT + timedelta(days=days), **known)


def features(a, b, background):
    """Those of one pair, in the order of `FEATURES`."""
    return pair_features(Profiles.of([a, b], background), np.array([0]), np.array([1]))[0]


def probability(a, b, background):
    return float(probabilities(Profiles.of([a, b], background), np.array([0]), np.array([1]))[0])


@pytest.fixture(scope="session")
def pool():
    """Forty matters: each of ten places with each of four troubles, told once, in a fixed shuffled order."""
    told = [
        message(f"{place}{title}", f"领导您好，{text}谢谢！", days=number % 30, category=title)
        for number, (place, (title, text)) in enumerate((place, trouble) for place in PLACES for trouble in TROUBLES)
    ]
    random.Random(4).shuffle(told)
    return told


@pytest.fixture(scope="session")
def background(pool):
    return Background.of(one.words for one in pool)
