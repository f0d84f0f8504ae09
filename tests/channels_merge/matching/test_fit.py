"""The fit of the coefficients, on short texts of our own: what it learns, and that what it reports is what it was given."""

import csv

import numpy as np
import pytest

from benchmarks import fit, short_texts
from channels_merge.matching.scoring import BIAS, FITTED


@pytest.fixture
def files(tmp_path):
    """Thirty rounds of pairs as an operator has them: the texts in one file, their judgements in the other."""
    texts, pairs = tmp_path / "texts.csv", tmp_path / "pairs.csv"
    with (
        texts.open("w", encoding="utf-8", newline="") as target,
        pairs.open("w", encoding="utf-8", newline="") as judged,
    ):
        told, same = csv.writer(target), csv.writer(judged)
        told.writerow(["id", "time", "topic", "text"])
        same.writerow(["a", "b", "same", "part"])
        for number, (one, other, is_same) in enumerate(short_texts.pairs(30, seed=11)):
            for letter, each in (("a", one), ("b", other)):
                told.writerow([f"{number}{letter}", each.at.isoformat(), each.title, each.text])
            same.writerow([f"{number}a", f"{number}b", int(is_same), ("train", "place", "test")[number // 3 % 3]])
    return pairs, texts


def test_it_prints_every_coefficient_beside_the_one_in_force_and_judges_by_the_kept_third(files, capsys):
    pairs, texts = files
    fit.run(short=True, pairs=pairs, texts=texts)

    printed = capsys.readouterr().out
    rows = {cells[0]: cells[1:] for line in printed.splitlines() if len(cells := _cells(line)) in {3, 5}}
    assert {name: rows[name][1] for name in FITTED} == {name: f"{value:.2f}" for name, value in FITTED.items()}
    assert rows["BIAS"][1] == f"{BIAS:.2f}"
    assert rows["test (not learned from)"][:2] == ["30", "10"]
    assert printed.endswith("Others are in force.\n")


def _cells(line):
    return [cell.strip() for cell in line.strip("| ").split("|")]


def test_it_learns_what_tells_the_pairs_apart():
    dice = np.random.default_rng(2)
    rows = np.zeros((200, len(fit.FEATURES)))
    rows[:, 0] = dice.normal(size=200)
    part = fit.Part(rows, (rows[:, 0] > 0).astype(float))

    _, coefficients = fit.fit([(part, 1.0)])
    found = dict(zip(FITTED, coefficients, strict=True))
    assert found[next(iter(FITTED))] > 3
    assert [found[name] for name in list(FITTED)[1:]] == [0.0] * (len(FITTED) - 1)
    assert fit.average_precision(part, found) == 1.0
    assert fit.average_precision(part, {name: -value for name, value in found.items()}) < 0.5
