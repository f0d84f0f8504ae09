"""One probability from what the list says and what the past says."""

import math
import random

import pytest

from responsibility.learning import Case, Mix, chances, fit_mix

EVEN = Mix(evidence=1, experience=1, none=-1, most=1)


def test_candidates_and_none_of_them_share_the_whole():
    found = chances(EVEN, [2.0, 1.0], [0.5, 0.5])

    # 2 × 0.5, 1 × 0.5, and e⁻¹ for none.
    whole = 1 + 0.5 + math.exp(-1)
    assert found == pytest.approx([1 / whole, 0.5 / whole])


def test_no_candidate_has_no_chance():
    assert chances(EVEN, [], []) == []


def test_what_the_model_has_never_seen_is_decided_by_the_evidence():
    best, new = chances(EVEN, [1.0, 3.0], [0.9, None])

    assert new == pytest.approx(3 * best)


def test_nothing_is_surer_than_the_rows_that_it_was_measured_by():
    mix = fit_mix([Case([9.0], [0.99], 0)] * 8)

    assert mix.most == 0.9
    assert chances(mix, [50.0], [1.0]) == [0.9]


def test_the_weights_are_those_that_the_rows_were_made_by():
    true, cases, chance = Mix(1.5, 0.8, -1.2, 1), [], random.Random(3)
    for _ in range(4000):
        evidence = [chance.uniform(0.2, 6) for _ in range(3)]
        experience = [chance.uniform(0.001, 0.5) for _ in range(3)]
        probable = chances(true, evidence, experience)
        cases.append(Case(evidence, experience, chance.choices([0, 1, 2, -1], [*probable, 1 - sum(probable)])[0]))

    found = fit_mix(cases)

    assert found[:3] == pytest.approx(true[:3], abs=0.15)


def test_of_what_says_nine_tenths_nine_in_ten_are_right():
    """Rows made by another rule than the one that is fitted: the list is wrong now and then, whatever it says."""
    chance = random.Random(5)

    def case():
        evidence, experience = [chance.uniform(1, 6), chance.uniform(0.5, 3)], [chance.random(), chance.random() / 2]
        right = evidence[0] * experience[0] > evidence[1] * experience[1]
        wrong = chance.random() < 0.08
        return Case(evidence, experience, -1 if wrong else 0 if right else 1)

    mix = fit_mix([case() for _ in range(3000)])
    asked = [case() for _ in range(3000)]
    said = [
        (max(found), found.index(max(found)) == each.truth) for each in asked for found in [chances(mix, *each[:2])]
    ]

    sure = [right for confidence, right in said if 0.85 <= confidence < 0.95]
    assert len(sure) > 500
    assert 0.85 < sum(sure) / len(sure) < 0.95
