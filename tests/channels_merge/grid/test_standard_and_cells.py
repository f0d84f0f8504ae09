"""The event standard as data, and cells from the operator's file."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from channels_merge import rights
from channels_merge.models import GridCell, GridEventClass
from channels_merge.selectors import grid as reads
from channels_merge.services import grid
from tests.factories.channels_merge import NOON

RING = [[114.93, 25.83], [114.94, 25.83], [114.94, 25.84], [114.93, 25.83]]
SQUARE = {"type": "Polygon", "coordinates": [RING]}


def cell(outline):
    return f'网格编码,网格名称,地区,边界\nX1,一网格,章贡区,"{json.dumps(outline).replace(chr(34), chr(34) * 2)}"\n'


def why(city, content, name="a.csv"):
    return [
        one.why for one in grid.import_cells(name=name, content=content.encode(), by=city.manager, at=NOON).rejects
    ]


def test_the_standard_that_ships_is_marked_as_a_sample_and_loaded_once(city):
    classes = GridEventClass.objects.all()

    assert {one.mark for one in classes} == {"示例，待核"}
    assert [name for one in classes for name in one.needed if name not in reads.FIELDS] == []
    assert grid.sync_grid_standard() == 0
    assert sum(len(lines) for _, lines in reads.standard()) == classes.count() == 24


def test_the_operators_own_standard_takes_its_place_and_stays(city, tmp_path):
    file = tmp_path / "own.csv"
    head = "code,group,name,covers,needed,reporters,handlers,kind,urgency"
    file.write_text(f"{head}\nZ1,市容,暴露垃圾,路面垃圾,place point,网格员,城管,help,normal\n", encoding="gb18030")
    out = StringIO()

    call_command("sync_grid_standard", file=file, stdout=out)
    call_command("sync_grid_standard", stdout=out)

    assert out.getvalue() == "写入 1 类。\n写入 0 类。\n"
    assert list(GridEventClass.objects.values_list("code", "needed", "mark")) == [("Z1", ["place", "point"], "")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Z1,市容,垃圾,垃圾,colour,网格员,城管,help,normal", "第 2 行的必填字段不认识：colour。"),
        ("Z1,市容,垃圾,垃圾,place,网格员,城管,wish,normal", "第 2 行的诉求类型或紧急程度不认识。"),
        (",市容,垃圾,垃圾,place,网格员,城管,help,normal", "第 2 行没有代码或名称。"),
    ],
)
def test_a_standard_with_a_mistake_is_refused_whole(city, tmp_path, line, said):
    file = tmp_path / "own.csv"
    file.write_text(f"code,group,name,covers,needed,reporters,handlers,kind,urgency\n{line}\n", encoding="utf-8")

    with pytest.raises(CommandError, match=said):
        call_command("sync_grid_standard", file=file)

    assert GridEventClass.objects.count() == 24


def test_cells_come_once_and_are_brought_up_to_date(city):
    sheet = "网格编码,网格名称,地区\n360702001001,解放街道第一网格,章贡区解放街道\nX9,另一网格,章贡区\n"
    first = grid.import_cells(name="a.csv", content=sheet.encode(), by=city.manager, at=NOON)
    again = grid.import_cells(name="a.csv", content=sheet.encode(), by=city.manager, at=NOON)

    assert (first.new, first.changed, first.same, first.rejects) == (1, 1, 0, ())
    assert (again.new, again.changed, again.same) == (0, 0, 2)
    assert GridCell.objects.get(code="360702001001").name == "解放街道第一网格"


def test_an_outline_is_kept_where_it_is_one_of_here(city):
    assert why(city, cell(SQUARE)) == []
    assert GridCell.objects.get(code="X1").outline == SQUARE
    assert why(city, cell({"type": "Point", "coordinates": [114.9, 25.8]})) == [
        "边界不是 GeoJSON 的 Polygon 或 MultiPolygon。"
    ]
    turned = {"type": "Polygon", "coordinates": [[[y, x] for x, y in RING]]}
    assert why(city, cell(turned)) == ["边界的坐标不在赣州一带。先经度，后纬度。"]
    assert why(city, cell({"type": "Polygon", "coordinates": [RING[:3]]})) == ["边界的每一圈至少 4 个点，首尾相同。"]


def test_a_geojson_file_is_read_too(city):
    features = [
        {"type": "Feature", "properties": {"code": "G1", "name": "一网格", "region": "360702"}, "geometry": SQUARE},
        {"type": "Feature", "properties": {"code": "G2", "name": "", "region": "360702"}, "geometry": None},
    ]
    content = json.dumps({"type": "FeatureCollection", "features": features})

    found = grid.import_cells(name="a.geojson", content=content.encode(), by=city.manager, at=NOON)

    assert (found.new, [(one.line, one.number, one.why) for one in found.rejects]) == (
        1,
        [(2, "G2", "网格名称须填写，最多 80 个字。")],
    )
    with pytest.raises(grid.SheetUnreadable, match="这不是 GeoJSON 的 FeatureCollection。"):
        why(city, "[]", name="b.geojson")


def test_rows_without_code_name_or_region_say_so(city):
    sheet = "网格编码,网格名称,地区\n,一,章贡区\nA,,章贡区\nB,一,\nC,一,火星\n"

    assert why(city, sheet) == [
        "网格编码须填写，最多 40 个字。",
        "网格名称须填写，最多 80 个字。",
        "地区须填写。",
        "没有地区“火星”。请写区划代码或全称。",
    ]


def test_the_command_brings_cells_in(city, tmp_path):
    file = tmp_path / "cells.csv"
    file.write_text("网格编码,网格名称,地区\nX9,九网格,章贡区\nX8,,章贡区\n", encoding="utf-8")
    out, err = StringIO(), StringIO()

    call_command("import_grid_cells", file, stdout=out, stderr=err)

    assert out.getvalue() == "读 2 行，新增 1，更新 0，没有变化 0，没有收下 1。\n"
    assert err.getvalue() == "第 3 行 X8：网格名称须填写，最多 80 个字。\n"


def test_only_who_may_brings_cells_in(city):
    for who in (city.agent, city.dispatcher, city.township_handler):
        with pytest.raises(rights.NotPermitted):
            grid.import_cells(name="a.csv", content=b"", by=who, at=NOON)
