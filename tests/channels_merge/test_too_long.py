"""A title or a place that has no room: people are told and type nothing twice, of machines it is kept; nothing is cut."""

import pytest
from bs4 import BeautifulSoup

from channels_merge import services
from channels_merge.models import Appeal, Interaction
from tests.factories.channels_merge import PHONE, STORY, PhoneChannelFactory, make_accepted, make_appeal
from tests.factories.evaluation import TUESDAY
from tests.factories.tickets import at, fresh

LATER = at("11-10 13:00")
LONG = {"title": "标" * 130, "place": "锦江花园" * 60, "subject": "项目部" * 40}


def test_what_a_machine_sent_is_kept_in_the_story_where_it_has_no_room(city):
    appeal = make_appeal(at=TUESDAY, **LONG)

    assert appeal.text == f"{STORY}\n标题：{LONG['title']}\n地点：{LONG['place']}\n涉事主体：{LONG['subject']}"
    assert (appeal.title, appeal.place, appeal.subject) == (
        f"{'标' * 99}…",
        f"{LONG['place'][:199]}…",
        f"{LONG['subject'][:99]}…",
    )
    again = make_appeal(at=TUESDAY, source_number="1", **LONG)
    assert make_appeal(at=TUESDAY, source_number="1", **LONG) == again


def test_a_number_at_the_cut_is_moved_out_before(city):
    appeal = make_appeal(at=TUESDAY, title=f"{'标' * 94}13912345678")

    assert appeal.title == f"{'标' * 94}139**…"
    assert appeal.text.endswith(f"{'标' * 94}139****5678")
    assert appeal.contact.moved_out == ["13912345678"]


@pytest.mark.parametrize(("field", "sentence"), [
    ("title", "标题最多 100 个字，现在有 130 个字。"),
    ("place", "地点最多 200 个字，现在有 240 个字。"),
    ("subject", "涉事主体最多 100 个字，现在有 120 个字。"),
])  # fmt: skip
def test_what_a_person_types_is_refused_and_never_cut(city, field, sentence):
    with pytest.raises(services.AppealRefused, match=sentence):
        make_appeal(at=TUESDAY, channel=PhoneChannelFactory(), by=city.agent, **{field: LONG[field]})
    assert not Appeal.objects.exists()

    waiting = make_appeal(at=TUESDAY)
    with pytest.raises(services.AppealRefused, match=sentence):
        services.accept_appeal(appeal_id=waiting.pk, by=city.agent, at=LATER, **{field: LONG[field]})
    assert fresh(waiting).state == "received"


def test_the_page_of_citizens_says_it_and_keeps_everything_typed(client, city):
    typed = {"token": "7d3f0a52-5a3f-4f6e-9b0e-0f4c8f2d9a11", "text": STORY, "region": "360702", "phone": PHONE}
    answer = client.post("/p/", {**typed, "place": LONG["place"], "name": "王丽"})

    assert answer.status_code == 422
    page = BeautifulSoup(answer.content.decode(), "html.parser")
    assert "详细地点最多写 200 个字，现在有 240 个字。" in page.get_text()
    kept = {name: page.select_one(f"[name={name}]") for name in ("place", "phone", "name")}
    assert {name: box["value"] for name, box in kept.items()} == {
        "place": LONG["place"],
        "phone": PHONE,
        "name": "王丽",
    }
    assert STORY in page.select_one("[name=text]").get_text()


@pytest.mark.parametrize("code", ["attach", "return"])
def test_a_reason_takes_as_many_characters_as_are_kept(client, city, code):
    client.force_login(city.agent)
    url = f"/intake/{make_appeal(at=TUESDAY).number}/acts/{code}/"

    page = client.post(url, {"text": "长" * 201}).content.decode()

    assert "最多写 200 个字，现在有 201 个字。" in page


def test_new_lines_of_a_citizen_take_no_room_from_the_words(client, city):
    appeal = make_accepted(at=TUESDAY)
    client.post("/p/track/", {"number": appeal.number, "code": appeal.code})
    words = "\n".join("补" * 99 for _ in range(20))

    client.post("/p/track/supplement/", {"text": words.replace("\n", "\r\n")})

    assert Interaction.objects.get(kind="supplement").text == words
