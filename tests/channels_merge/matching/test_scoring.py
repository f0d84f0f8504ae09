from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_merge.matching import FEATURES, Background, Message, Profiles, probabilities
from channels_merge.matching.profiles import LONGEST
from tests.channels_merge.matching.conftest import features, message, probability

LAMP = message("沙河镇罗边村路灯不亮", "我是沙河镇罗边村的村民，村口的路灯坏了快一个月，晚上什么都看不见。")
LAMP_AGAIN = message("罗边村的路灯坏了没人修", "罗边村村口路灯不亮，晚上什么都看不见，老人不敢出门。", days=5)
WATER = message("沙河镇罗边村自来水发黄", "家里的自来水放出来是黄的，还有沙子，一直不敢做饭。")
OTHER_LAMP = message("水东镇七里村路灯不亮", "我是水东镇七里村的村民，村口的路灯坏了快一个月，晚上什么都看不见。")


def test_the_same_lamp_is_one_matter(background):
    assert probability(LAMP, LAMP_AGAIN, background) > 0.5


def test_the_same_village_with_another_trouble_is_not(background):
    assert probability(LAMP, WATER, background) < 0.5


def test_the_same_trouble_in_another_village_is_not(background):
    assert probability(LAMP, OTHER_LAMP, background) < 0.5


def test_a_template_about_many_institutions_is_many_matters(background):
    schools = [
        message(
            f"请问{name}幼儿园为什么没有改为普惠性幼儿园",
            f"{name}幼儿园为什么没有按上级要求改为普惠性幼儿园？",
            days=day,
        )
        for day, name in enumerate(("滨江红星", "沿湖阳光", "城南春苗"))
    ]
    told = [f"希望{place}的幼儿园按上级要求改为普惠性幼儿园，请问为什么没有改" for place in ("水东", "沙河", "潭口")]
    ground = Background.of(told * 20)

    assert [probability(a, b, ground) < 0.5 for a, b in combinations(schools, 2)] == [True] * 3
    assert probability(schools[0], schools[0], ground) > 0.9


def test_each_is_most_like_itself(pool, background):
    profiles = Profiles.of(pool, background)
    everyone = np.arange(len(pool))
    scores = np.array([probabilities(profiles, np.full(len(pool), row), everyone) for row in everyone])

    assert (scores.argmax(axis=1) == everyone).all()
    assert scores.diagonal().min() > 0.95


def test_either_way_round_is_the_same(pool, background):
    profiles = Profiles.of(pool, background)
    left, right = np.array(list(combinations(range(len(pool)), 2))).T

    assert probabilities(profiles, left, right).tolist() == probabilities(profiles, right, left).tolist()


def test_a_pair_scores_the_same_alone_and_among_many(pool, background):
    profiles = Profiles.of([*pool, LAMP, LAMP_AGAIN], background)
    among = probabilities(profiles, np.array([len(pool)]), np.array([len(pool) + 1]))

    assert among.tolist() == pytest.approx([probability(LAMP, LAMP_AGAIN, background)])


HERE = (114.93, 25.83)


def test_how_far_apart_two_places_are_counts_a_little(background):
    def at(*position):
        return probability(known(position=HERE), known(position=position), background)

    steps = [at(*HERE), at(114.9308, 25.83), at(114.933, 25.83), at(114.936, 25.83), at(114.95, 25.83)]
    assert steps == sorted(steps, reverse=True)
    assert len(set(steps)) == 5
    assert steps[0] > probability(known(), known(), background) > steps[-1]


def known(**codes):
    return Message(LAMP.title, LAMP.text, LAMP.at, **codes)


@pytest.mark.parametrize(
    ("a", "b", "changed"),
    [
        ({"region": "360702"}, {"region": "360703"}, {"regions_differ": 1.0}),
        ({"region": "360702"}, {"region": "360702101"}, {}),
        ({"region": "360702"}, {}, {}),
        # A township of the county that the zone governs lies in both.
        ({"region": "360702103 360700-JK"}, {"region": "360700-JK"}, {}),
        ({"region": "360702103 360700-JK"}, {"region": "360702"}, {}),
        ({"region": "360702103 360700-JK"}, {"region": "360702190 360700-JK"}, {"regions_differ": 1.0}),
        ({"region": "360702006"}, {"region": "360700-JK"}, {"regions_differ": 1.0}),
        ({"category": "市政"}, {"category": "水务"}, {"categories_differ": 1.0}),
        ({"category": "市政"}, {"category": ""}, {}),
        ({"caller": "a"}, {"caller": "a"}, {"same_caller": 1.0}),
        ({"caller": ""}, {"caller": ""}, {}),
        ({"position": HERE}, {"position": HERE}, {"close_by": 1.0}),
        ({"position": HERE}, {"position": (114.95, 25.83)}, {"far_apart": 1.0}),
        ({"position": HERE}, {}, {}),
    ],
)
def test_what_only_the_product_knows_counts_when_both_are_known(a, b, changed, background):
    plain = dict(zip(FEATURES, features(LAMP, LAMP, background).tolist(), strict=True))
    found = dict(zip(FEATURES, features(known(**a), known(**b), background).tolist(), strict=True))

    assert {name: value for name, value in found.items() if value != plain[name]} == changed


def test_days_apart_count_and_an_unknown_time_is_in_between(background):
    def at(days):
        return probability(LAMP, message(LAMP_AGAIN.title, LAMP_AGAIN.text, days=days), background)

    timeless = probability(LAMP, Message(LAMP_AGAIN.title, LAMP_AGAIN.text), background)
    assert at(0) > at(20) > timeless > at(200)


def test_a_message_without_a_title_has_its_first_words_for_one(background):
    text = f"{LAMP.title}，{LAMP.text}"

    assert features(Message("", text), LAMP, background).tolist() == pytest.approx(
        features(Message(" ", text), LAMP, background).tolist()
    )
    assert probability(Message("", text), Message("", text), background) > 0.8


@pytest.mark.parametrize("empty", [Message("", ""), Message(" ", "！？"), Message("好", "")])
def test_nothing_said_is_like_nothing(empty, background):
    assert probability(empty, LAMP, background) < 0.01
    assert probability(empty, empty, background) < 0.01


def test_a_book_is_read_by_its_first_pages(background):
    long = message(LAMP.title, LAMP.text + "老村民的信，" * 200_000)
    clipped = message(LAMP.title, long.text[:LONGEST])

    assert features(long, LAMP_AGAIN, background).tolist() == features(clipped, LAMP_AGAIN, background).tolist()


@settings(max_examples=50)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts_have_a_probability(title, text, other_title, other_text):
    a, b = Message(title, text), Message(other_title, other_text)
    ground = Background.of([title, other_text])

    assert 0 <= probability(a, b, ground) <= 1
    assert probability(a, b, ground) == pytest.approx(probability(b, a, ground))
