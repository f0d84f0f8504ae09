import pytest
from django.db import connection

from channels_merge.selectors import similar, similar_matters
from tests.factories.channels_merge import NOON, STORY, make_accepted, ticket_of

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setattr(similar, "_background", None)


def analyse():
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE channels_merge_searchentry")


def test_the_first_matter_of_a_new_system_is_found_by_the_second_caller():
    """Statistics of a handful of appeals call every word common; then nothing was ever alike."""
    appeal = make_accepted()
    analyse()

    (found,) = similar_matters(text=STORY.replace("希望", "请"), at=NOON)

    assert (found.ticket, found.appeal) == (ticket_of(appeal), appeal)
