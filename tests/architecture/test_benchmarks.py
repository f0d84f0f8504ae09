"""What the benchmarks measure on must be the same every time, with words as rare as their tables say."""

from benchmarks import stories
from benchmarks.measure import percentile, table


def test_the_same_stories_every_time_and_all_of_them_different():
    first, again = stories.stories(2000, seed=1), stories.stories(2000, seed=1)

    assert first == again
    assert len({story.text for story in first}) == 2000


def test_planted_words_stand_in_exactly_their_share_of_the_stories():
    made = stories.stories(10_000, seed=1)

    found = {word: sum(word in story.title + story.text + story.place for story in made) for word in stories.PLANTED}

    assert found == {"噪音": 800, "窨井盖": 30, "蝙蝠": 1}


def test_percentile_is_the_smallest_value_that_the_share_does_not_exceed():
    times = [float(number) for number in range(1, 21)]

    assert percentile(times, 0.95) == 19
    assert percentile(times, 0.96) == 20
    assert percentile([7.0], 0.95) == 7


def test_tables_are_markdown_with_one_digit():
    assert table(["a", "b"], [["x", 1.25], ["y", 3]]) == "| a | b |\n| --- | --- |\n| x | 1.2 |\n| y | 3 |"
