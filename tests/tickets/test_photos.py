"""Pictures of a visit: what they say beside what was claimed, shown to who signs; nothing is refused for it."""

import pytest

from hotline.services import set_parameter
from tests.factories.pictures import jpeg, kept, saved, scene
from tests.factories.tickets import NOW, at, contacted, fresh, make_item, signed, submit
from tickets import services
from tickets.models import EarlierUse, OnSiteRecord
from tickets.selectors.photos import visits_of, visits_that_count

HERE, NEAR, FAR = (114.9352, 25.8311), (114.9361, 25.8315), (114.9352, 25.8811)
VISIT = "2026:11:10 11:00:00"


def visit(city, ticket, *contents, when="11-10 11:30", by=None, place="", after=()):
    by = by or city.handler
    services.record_onsite(
        assignment_id=fresh(ticket).lead_id,
        found="已停工。",
        place=place,
        visited_at=at("11-10 11:00"),
        before=[kept(content, by=by, at=at(when)) for content in contents],
        after=[kept(content, by=by, at=at(when)) for content in after],
        by=by,
        at=at(when),
    )


def said(ticket, user, when="11-10 12:00"):
    """Of each picture, the sentences; those that ask for a second look are marked."""
    visits = visits_of(ticket, visits_that_count(fresh(ticket)), user, at(when))
    return [
        [("！" if finding.asks else "") + finding.words for finding in photo.findings]
        for each in visits
        for photo in each.photos
    ]


@pytest.mark.parametrize(
    ("taken", "words"),
    [
        (VISIT, "拍摄于 11月10日 11:00"),
        ("2026:11:10 10:35:00", "拍摄于 11月10日 10:35"),
        ("2026:11:10 10:25:00", "！拍摄于 11月10日 10:25，早于到场（11月10日 11:00）"),
        ("2026:11:09 16:00:00", "！拍摄于 11月9日 16:00，早于受理（11月10日 10:00）"),
        ("2026:11:10 12:30:00", "！拍摄于 11月10日 12:30，晚于上传（11月10日 11:30），相机的时钟可能不准"),
        ("", "照片里没有拍摄时间"),
    ],
)
def test_when_a_picture_was_taken(city, taken, words):
    ticket = signed(city)

    visit(city, ticket, jpeg(scene(1), taken=taken))

    assert said(ticket, city.reviewer) == [[words, "照片里没有位置", "没有查到以前用过"]]


@pytest.mark.parametrize(
    ("point", "of_picture", "words"),
    [
        (HERE, NEAR, "离诉求地点约 100 米"),
        (HERE, FAR, "！离诉求地点约 5.6 公里"),
        (HERE, HERE, "离诉求地点约 10 米"),
        (HERE, None, "照片里没有位置"),
        (None, NEAR, "照片有位置，诉求没有坐标，不能比较"),
    ],
)
def test_how_far_from_the_matter_it_was_taken(city, point, of_picture, words):
    ticket = signed(city, point=point)

    visit(city, ticket, jpeg(scene(1), taken=VISIT, point=of_picture))

    assert said(fresh(ticket), city.reviewer) == [["拍摄于 11月10日 11:00", words, "没有查到以前用过"]]


def test_a_place_that_is_corrected_loses_its_point(city):
    ticket = services.register_ticket(
        title="夜间施工", text="夜间施工。", kind="help", urgency="normal", category=None, region=None, place="东门",
        is_enterprise=False, contactable=True, first_channel="phone", accepted_at=NOW, point=HERE, by=None, at=NOW,
    )  # fmt: skip

    services.revise_ticket(ticket_id=ticket.pk, changes={"place": "西门"}, by=city.dispatcher, at=NOW)

    assert (fresh(ticket).longitude, fresh(ticket).latitude) == (None, None)


def test_a_picture_of_another_ticket_is_named_to_who_may_see_it(city):
    """The reviewer sees the whole city; the unit's head, only what the unit has."""
    picture = scene(1)
    first = signed(city, unit=city.other)
    visit(city, first, jpeg(picture, taken=VISIT), by=city.other_handler)
    second = signed(city)

    visit(city, second, jpeg(picture, taken=VISIT), saved(picture.resize((320, 240)), "JPEG", quality=60))

    same, anew = EarlierUse.objects.filter(attachment__ticket=second).order_by("pk")
    assert (same.same_bytes, same.bits, anew.same_bytes) == (True, 0, False)
    assert anew.bits <= 3
    assert [line[2:] for line in said(second, city.reviewer)] == [
        [f"！与 {first.number} 的照片相同（11月10日 11:30）"],
        [f"！与 {first.number} 的照片几乎一样（11月10日 11:30）"],
    ]
    assert [line[2:] for line in said(second, city.head)] == [
        ["！与别的工单的照片相同（11月10日 11:30）"],
        ["！与别的工单的照片几乎一样（11月10日 11:30）"],
    ]
    assert said(first, city.reviewer)[0][2] == "没有查到以前用过"


def test_a_picture_that_the_citizen_sent_is_not_one_of_the_visit(city):
    ticket = signed(city, files=[kept(jpeg(scene(1)), at=NOW)])

    visit(city, ticket, jpeg(scene(1)))

    assert said(ticket, city.head)[0][2] == "！与群众上传的照片相同"


def test_one_file_before_and_after(city):
    """Two pictures of one visit may look alike; one file may not be both."""
    ticket = signed(city)

    visit(city, ticket, jpeg(scene(1)), jpeg(scene(1), quality=60), after=[jpeg(scene(1))])

    assert [line[2:] for line in said(ticket, city.head)] == [
        ["没有查到以前用过"],
        ["没有查到以前用过"],
        ["！与本件 11月10日 11:30 的处置前照片相同"],
    ]


def test_no_more_than_five_earlier_uses_are_kept_those_most_alike_first(city):
    for turn in range(7):
        ticket = signed(city, title=f"第{turn}件")
        visit(city, ticket, jpeg(scene(1), quality=80 - turn) if turn else jpeg(scene(1)))
    last = signed(city)

    visit(city, last, jpeg(scene(1)))

    uses = EarlierUse.objects.filter(attachment__ticket=last)
    assert (uses.count(), uses.filter(same_bytes=True).count()) == (5, 1)


def test_how_alike_is_too_alike_is_a_parameter(city):
    set_parameter(key="photo_alike_bits", value="0", valid_from=NOW, source="测试", by=None, at=NOW)
    set_parameter(key="photo_time_tolerance_min", value="0", valid_from=NOW, source="测试", by=None, at=NOW)
    set_parameter(key="photo_place_tolerance_m", value="50", valid_from=NOW, source="测试", by=None, at=NOW)
    ticket = signed(city, point=HERE)

    visit(city, ticket, jpeg(scene(1), taken="2026:11:10 10:59:00", point=NEAR))

    assert said(fresh(ticket), city.head) == [
        ["！拍摄于 11月10日 10:59，早于到场（11月10日 11:00）", "！离诉求地点约 100 米", "没有查到以前用过"]
    ]


def test_a_film_is_evidence_and_no_photo(city):
    """Two photos are asked for; a sheet that is handed in as one is named and not counted."""
    ticket = contacted(city, item=make_item(onsite_required=True))
    visit(city, ticket, jpeg(scene(1)), b"%PDF-1.7\n" + b"\x00" * 64)

    with pytest.raises(services.InputRefused, match="还不能提交，缺：现场照片至少 2 张，已有 1 张。"):
        submit(city, fresh(ticket), at=at("11-10 12:00"))
    visit(city, ticket, jpeg(scene(2)), when="11-10 12:10")
    submit(city, fresh(ticket), at=at("11-10 12:30"))

    assert fresh(ticket).state == "completion_review"
    assert said(ticket, city.head)[1] == ["没有查到以前用过"]


def test_a_visit_says_where_it_was(city):
    """The matter's own place unless another is named; a matter without one must be told."""
    ticket, nowhere = signed(city), signed(city, place="")

    visit(city, ticket, jpeg(scene(1)))
    with pytest.raises(services.InputRefused, match="请写明到场地点。"):
        visit(city, nowhere, jpeg(scene(2)))
    visit(city, nowhere, jpeg(scene(2)), place="东门外绿化带")

    assert list(OnSiteRecord.objects.order_by("pk").values_list("place", flat=True)) == ["锦江花园", "东门外绿化带"]


@pytest.mark.parametrize("number", [1, 3])
def test_what_is_read_does_not_grow_with_the_pictures(city, django_assert_num_queries, number):
    for turn in range(number):
        visit(city, signed(city, title=f"第{turn}件"), jpeg(scene(turn)))
    ticket = fresh(signed(city))
    visit(city, ticket, *(jpeg(scene(turn), taken=VISIT) for turn in range(number)))

    said(ticket, city.reviewer)
    with django_assert_num_queries(4):
        visits = visits_of(ticket, visits_that_count(ticket), city.reviewer, at("11-10 12:00"))

    assert [len(each.photos) for each in visits] == [number]
