"""Cells drawn by the server: where they stand, how many events each has, who sees which."""

import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from bs4 import BeautifulSoup

from channels_merge import services
from channels_merge.models import GridCell
from channels_merge.selectors import grid as reads
from channels_merge.selectors.grid_map import draw
from channels_merge.services import grid
from hotline.models import Region
from tests.factories.channels_merge import NOON, PHONE
from tests.factories.hotline import UserFactory

TEXT = "路口东侧机动车道塌了一个坑，约脸盆大。"


def square(west, south, size=0.01):
    east, north = west + size, south + size
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [corners]}


def a_cell(**fields):
    return GridCell(**({"pk": 1, "code": "A", "name": "一网格", "outline": square(114.93, 25.82)} | fields))


# --- the drawing


def test_north_is_up_and_a_square_of_the_world_is_one_of_the_page():
    west, east = a_cell(), a_cell(pk=2, code="B", outline=square(114.94, 25.83))

    found = draw([west, east])

    (low, high) = found.shapes
    assert (found.wide, found.high) == (723, 800)
    assert low.path == "M12 788L361 788L361 400L12 400L12 788Z"
    assert (low.x < high.x, low.y > high.y) == (True, True)
    assert (low.x, low.y) == (186, 594)


def test_corners_that_fall_on_one_another_are_one():
    fine = [[114.93 + n * 1e-7, 25.82] for n in range(1000)]
    outline = {"type": "Polygon", "coordinates": [[*fine, [114.94, 25.82], [114.94, 25.83], [114.93, 25.83], fine[0]]]}

    (shape,) = draw([a_cell(outline=outline)]).shapes

    assert shape.path.count("L") < 20


def test_holes_and_islands_are_in_one_path_and_the_number_stands_in_the_largest():
    hole = [[114.932, 25.822], [114.934, 25.822], [114.934, 25.824], [114.932, 25.822]]
    island, large = square(114.90, 25.82, 0.001)["coordinates"], square(114.93, 25.82)["coordinates"]
    outline = {"type": "MultiPolygon", "coordinates": [island, [*large, hole]]}

    found = draw([a_cell(outline=outline)])

    (shape,) = found.shapes
    assert shape.path.count("M") == 3
    assert shape.x > found.wide * 0.8


def test_the_shade_is_beside_the_cell_with_the_most():
    cells = [a_cell(pk=n, code=str(n), outline=square(114.9 + n / 100, 25.8)) for n in range(4)]

    found = draw(cells, counts={1: 1, 2: 5, 3: 9})

    assert [(shape.events, shape.shade) for shape in found.shapes] == [(0, 0), (1, 1), (5, 2), (9, 3)]
    assert found.events == 15


def test_nothing_is_drawn_of_cells_without_outline():
    assert draw([a_cell(outline=None)]) is None
    assert draw([]) is None


def test_a_cell_without_extent_does_not_end_in_an_error():
    point = {"type": "Polygon", "coordinates": [[[114.93, 25.82]] * 4]}

    found = draw([a_cell(outline=point)], spot=(Decimal("114.930000"), Decimal("25.820000")))

    assert (found.shapes[0].path, found.spot) == ("M12 12Z", (12, 12))


# --- the pages


@pytest.fixture
def drawn(city):
    """Two of the township's cells with outlines, and one of another county."""
    rows = [("360702001001", square(114.93, 25.82)), ("360702001002", square(114.94, 25.82))]
    for code, outline in rows:
        GridCell.objects.filter(code=code).update(outline=outline)
    parent = Region.objects.get(code="360702").parent
    Region.objects.create(code="360703", name="南康区", level="county", parent=parent)
    return city


def report(city, number, *, cell="360702001001", at=NOON):
    event = grid.Event(
        number, "SZ-01", TEXT, cell=cell, place="文清路口", longitude="114.9312", latitude="25.8246",
        found_at=at, reporter="刘网格", reporter_phone=PHONE,
    )  # fmt: skip
    return grid.report_grid_event(event=event, channel=city.channel, by=None, at=at).event


def page(client, user, url, *, status=200):
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    with time_machine.travel(NOON, tick=False):
        answer = client.get(url)
    assert answer.status_code == status
    return BeautifulSoup(answer.content.decode(), "html.parser")


def text_of(found):
    return re.sub(r"\s+", " ", found.get_text(" ")).strip()


def test_the_page_of_cells_draws_them_with_the_events_of_thirty_days(drawn, client):
    for number in range(3):
        report(drawn, f"W{number}")
    report(drawn, "W9", at=NOON - timedelta(days=31))

    found = page(client, drawn.manager, "/grid/cells/")

    assert [one.title.get_text() for one in found.select("svg.cells path")] == [
        "解放街道一网格（360702001001），近 30 天 3 件",
        "解放街道二网格（360702001002），近 30 天 0 件",
    ]
    assert found.select_one("svg.cells")["aria-label"] == "2 个网格，近 30 天 3 件事件"
    assert [text_of(one) for one in found.select("svg.cells text")] == ["解放街道一网格 3", "解放街道二网格"]
    assert found.select_one("svg.cells a")["href"] == "/grid/events/?cell=360702001001"
    assert [text_of(row.select("td")[4]) for row in found.select("[data-rows] tbody tr")] == ["3", "0"]
    assert found.select("[style]") == []


def test_a_restricted_event_is_not_counted(drawn, client):
    event = report(drawn, "W1")
    event.appeal.secrecy = "restricted"
    event.appeal.save(update_fields=["secrecy"])

    assert "0 件事件" in page(client, drawn.manager, "/grid/cells/").select_one("svg.cells")["aria-label"]
    assert page(client, drawn.manager, f"/grid/events/{event.appeal.number}/", status=404)


def test_no_frame_where_no_cell_has_an_outline(city, client):
    found = page(client, city.manager, "/grid/cells/")

    assert (len(found.select("[data-rows] tbody tr")), found.select("svg.cells"), found.select(".mapped")) == (
        2,
        [],
        [],
    )


def test_too_many_cells_are_not_drawn_and_the_page_says_so(drawn, client, monkeypatch):
    monkeypatch.setattr(reads, "MOST_DRAWN", 1)
    monkeypatch.setattr("channels_merge.views.grid.MOST_DRAWN", 1)

    whole = page(client, drawn.manager, "/grid/cells/")
    one = page(client, drawn.manager, "/grid/cells/?q=360702001002")

    assert (whole.select("svg.cells"), len(one.select("svg.cells path"))) == ([], 1)
    assert "有边界的网格超过 1 个，选一个地区再画图" in text_of(whole.select_one(".foot"))


def test_cells_are_chosen_by_region_and_paged_within_it(drawn, client, monkeypatch):
    sheet = "网格编码,网格名称,地区\nN1,南康网格,360703\n"
    assert grid.import_cells(name="a.csv", content=sheet.encode(), by=None, at=NOON).new == 1
    monkeypatch.setattr("channels_merge.views.grid.PAGE_ROWS", 1)

    first = page(client, drawn.manager, "/grid/cells/?region=360702")
    second = page(client, drawn.manager, f"/grid/cells/{first.select_one('.pager a')['href']}")

    assert [option["value"] for option in first.select("option")] == ["", "360702", "360702001", "360703"]
    assert [text_of(one.select_one("td.no")) for one in (first, second)] == ["360702001001", "360702001002"]
    assert len(first.select("svg.cells path")) == 2
    assert page(client, drawn.manager, "/grid/cells/?region=x").select("[data-rows] tbody tr") == []


def test_an_event_has_a_page_with_its_cell_marked(drawn, client):
    event = report(drawn, "W1")

    found = page(client, drawn.manager, f"/grid/events/{event.appeal.number}/")

    told = {text_of(name): text_of(name.find_next("dd")) for name in found.select("dt")}
    assert (told["事件编号"], told["网格"], told["经纬度"]) == (
        "W1",
        "解放街道一网格（360702001001）",
        "114.9312，25.8246",
    )
    assert (told["地区"], told["工单"], told["谁在办"]) == ("章贡区解放街道", "还没有", "还没有派出")
    of_cells = {one.title.get_text()[:7]: one["d"] for one in found.select("svg.cells a path")}
    assert [one["d"] for one in found.select("svg.cells path.on")] == [of_cells["解放街道一网格"]]
    assert (len(of_cells), len(found.select("svg.cells circle"))) == (2, 1)
    assert found.select("[style]") == []


def test_an_event_whose_cell_has_no_outline_has_no_frame(city, client):
    event = report(city, "W1")

    found = page(client, city.manager, f"/grid/events/{event.appeal.number}/")

    assert (found.select("svg.cells"), found.select("aside")) == ([], [])


def test_the_words_of_an_event_are_for_whoever_may_read_the_appeal(drawn, client):
    event = report(drawn, "W1")
    url = f"/grid/events/{event.appeal.number}/"

    assert TEXT in text_of(page(client, drawn.dispatcher, url))
    assert TEXT not in text_of(page(client, drawn.manager, url))
    services.accept_appeal(appeal_id=event.appeal_id, by=drawn.agent, at=NOON)
    number = event.appeal.links.get().ticket.number
    assert page(client, drawn.dispatcher, url).select_one(f"a[href='/tickets/{number}/']") is not None
    assert page(client, drawn.manager, url).select_one(f"a[href='/tickets/{number}/']") is None


def test_an_event_of_another_county_is_not_found(drawn, client):
    sheet = "网格编码,网格名称,地区\nN1,南康网格,360703\n"
    grid.import_cells(name="a.csv", content=sheet.encode(), by=None, at=NOON)
    here, there = report(drawn, "W1"), report(drawn, "W2", cell="N1")
    urls = [f"/grid/events/{event.appeal.number}/" for event in (here, there)]

    for url, status in zip([*urls, "/grid/events/nix/"], [200, 404, 404], strict=True):
        assert page(client, drawn.county_clerk, url, status=status)
    assert page(client, drawn.handler, urls[0], status=403)


def test_a_township_sees_its_own_and_a_department_of_the_city_none(drawn, client):
    Region.objects.create(
        code="360702002", name="赣江街道", level="township", parent=Region.objects.get(code="360702")
    )
    sheet = "网格编码,网格名称,地区\nN1,赣江一网格,360702002\n"
    grid.import_cells(name="a.csv", content=sheet.encode(), by=None, at=NOON)
    here, there = report(drawn, "W1"), report(drawn, "W2", cell="N1")
    liaison = UserFactory(unit=drawn.township, roles=("liaison",))

    listed = page(client, liaison, "/grid/events/")
    assert [text_of(row.select("td")[1]) for row in listed.select("[data-rows] tbody tr")] == ["W1"]
    assert listed.select_one("nav a[href='/grid/events/'][aria-current]") is not None
    assert page(client, liaison, f"/grid/events/{here.appeal.number}/")
    assert page(client, liaison, f"/grid/events/{there.appeal.number}/", status=404)
    for address in ("/grid/events/", "/grid/cells/", "/grid/standard/"):
        assert page(client, drawn.liaison, address, status=403)
    assert page(client, drawn.liaison, "/").select_one("a[href='/grid/events/']") is None


def test_the_events_of_one_cell_are_listed(drawn, client):
    report(drawn, "W1")
    report(drawn, "W2", cell="360702001002")

    found = page(client, drawn.manager, "/grid/events/?cell=360702001002")
    empty = page(client, drawn.manager, "/grid/events/?cell=nix")

    assert [text_of(row.select("td")[1]) for row in found.select("[data-rows] tbody tr")] == ["W2"]
    assert text_of(found.select_one(".bar .tg")) == "解放街道二网格"
    assert "这个网格还没有事件" in text_of(empty.select_one(".none"))


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_cells_costs_the_same_for_one_and_three(drawn, client, django_assert_num_queries, count):
    for number in range(count):
        cell = GridCell.objects.create(
            code=f"Z{number}",
            name="网格",
            region_id=drawn.township.region_id,
            outline=square(114.9, 25.8),
            loaded_at=NOON,
        )
        report(drawn, f"W{number}", cell=cell.code)
    page(client, drawn.manager, "/grid/cells/?q=Z")

    with time_machine.travel(NOON, tick=False), django_assert_num_queries(8):
        client.get("/grid/cells/?q=Z")


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_an_event_costs_the_same_for_one_cell_and_three(drawn, client, django_assert_num_queries, count):
    for number in range(count):
        GridCell.objects.create(
            code=f"Z{number}",
            name="网格",
            region_id=drawn.township.region_id,
            outline=square(114.9, 25.8),
            loaded_at=NOON,
        )
    url = f"/grid/events/{report(drawn, 'W1').appeal.number}/"
    page(client, drawn.manager, url)

    with time_machine.travel(NOON, tick=False), django_assert_num_queries(9):
        client.get(url)


def test_an_outline_of_too_many_corners_is_refused(city):
    ring = [[114.9 + n * 1e-6, 25.8] for n in range(2000)]
    outline = json.dumps({"type": "Polygon", "coordinates": [[*ring, ring[0]]]}).replace('"', '""')
    sheet = f'网格编码,网格名称,地区,边界\nX1,一网格,章贡区,"{outline}"\n'

    found = grid.import_cells(name="a.csv", content=sheet.encode(), by=city.manager, at=NOON)

    assert [one.why for one in found.rejects] == ["边界有 2001 个点，最多 2000 个，请先简化。"]
