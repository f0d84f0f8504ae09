"""The register of channels in the middle of the work, announced numbers, what the five lines have done, and 便民码."""

from datetime import date, datetime, timedelta

from django.db import transaction

from channels_merge import services as channels
from channels_merge.models import Channel, LineMilestone, PlaceCode, PublicPhone
from config.demo.roads import SOURCE
from hotline.dates import local_day
from hotline.models import Region, Unit, User

# name, kind, unit, address, days until it ends
OLD = (
    ("城管投诉电话", "phone", "CITY-CGJ", "0797-8390001", 45),
    ("教育局局长信箱", "mailbox", "CITY-JYJ", "教育局网站“局长信箱”", 20),
    ("住建局大厅意见窗口", "window", "CITY-ZJJ", "办事大厅 6 号窗口", 60),
    ("文旅投诉小程序", "mini_program", "CITY-WGL", "小程序“文旅投诉”", 90),
)
# unit, number, purpose, what the call found: right, wrong, or nobody has rung it
NUMBERS = (
    ("CITY-CGJ", "0797-8390001", "市容投诉", "right"),
    ("CITY-JYJ", "0797-8390002", "招生咨询", "wrong"),
    ("CITY-ZJJ", "0797-8390003", "物业投诉", ""),
    ("ENT-GS", "0797-8390004", "供水抢修", "right"),
    ("ENT-RQ", "0797-8390005", "燃气抢修", "right"),
)
EVIDENCE = {
    "12333": "市人力资源社会保障局来函确认，号码保留，来电同时接入 12345。",
    "12328": "市交通运输局来函确认，号码保留，来电同时接入 12345。",
    "12315": "与 12315 平台完成接口联调，测试 20 件全部往返。",
}
PLACES = """种类,名称,地区,详细地点,管理单位
电梯,锦江花园 3 栋 2 单元电梯,章贡区/章江街道,文清路 18 号,市市场监管局
电梯,锦江花园 4 栋 1 单元电梯,章贡区/章江街道,文清路 18 号,市市场监管局
公交,文清路口公交站,章贡区/章江街道,往南方向,赣州公交
工地项目,长征大道改造二标段,章贡区,长征大道与红旗大道路口,市住建局
场所,章江街道农贸市场,章贡区/章江街道,健康路 9 号,
单位,章江街道便民服务中心,章贡区/章江街道,,
"""
SCANNED = "电梯按键板坏了，三楼四楼按了没有反应，老人要多走一层，希望尽快来修。"


@transaction.atomic
def fill(*, now: datetime) -> None:
    """All of it or, when an interrupted loading has made it, nothing."""
    if PlaceCode.objects.exists():
        return
    manager = User.objects.get(username="channels1")
    units = {
        unit.code: unit for unit in Unit.objects.filter(code__in={row[2] for row in OLD} | {row[0] for row in NUMBERS})
    }
    _register(manager, units, now)
    _numbers(manager, units, now)
    _board(manager, now)
    _codes(manager, now)


def _register(manager: User, units: dict[str, Unit], now: datetime) -> None:
    made = {}
    for name, kind, unit, address, days in OLD:
        made[name] = channels.propose_channel(
            owner=units[unit],
            name=name,
            kind=kind,
            way="typed",
            ground="设立时的内部通知，没有法律依据",
            address=address,
            announced="本单位网站、办事大厅公示牌",
            maintainer="办公室",
            existed=channels.Existed(
                since=date(2019, 4, 1),
                evidence="2019 年局务会纪要，当年在局网站公布的截图。",
                until=local_day(now) + timedelta(days=days),
            ),
            by=None,
            at=now - timedelta(days=40),
        )
        channels.approve_filing(channel_id=made[name].pk, by=manager, at=now - timedelta(days=39))
    channels.file_to_keep(
        channel_id=made["教育局局长信箱"].pk,
        reason="上级主管部门要求保留，来信另有回复时限。",
        by=None,
        at=now - timedelta(days=2),
    )
    window = made["住建局大厅意见窗口"]
    channels.cancel_channel(
        channel_id=window.pk, reason="已改由 12345 受理。", by=manager, at=now - timedelta(days=10)
    )
    channels.register_appeal(
        channel=Channel.objects.get(pk=window.pk),
        matter=channels.Matter(
            text="小区业主群里说外墙砖掉了两块，砸坏一辆车，物业不肯拉警戒线。", place="章贡区章江街道"
        ),
        person=channels.Person(name="陈女士", phone="13879700911"),
        source_number=f"{SOURCE}window",
        by=None,
        at=now - timedelta(hours=1),
    )
    new = channels.propose_channel(
        owner=units["CITY-ZJJ"],
        name="危旧房报告专线",
        kind="phone",
        way="typed",
        ground="《城市危险房屋管理规定》",
        address="0797-8390009",
        maintainer="房屋安全科",
        by=None,
        at=now - timedelta(days=1),
    )
    channels.file_channel(
        channel_id=new.pk, reason="汛期险情须当场研判，12345 转办来不及。", by=None, at=now - timedelta(hours=20)
    )


def _numbers(manager: User, units: dict[str, Unit], now: datetime) -> None:
    for unit, number, purpose, found in NUMBERS:
        phone = channels.add_phone(
            owner=units[unit],
            number=number,
            purpose=purpose,
            announced="本单位网站、办事大厅公示牌、小区宣传栏",
            maintainer="值班室",
            by=manager,
            at=now - timedelta(days=30),
        )
        if found:
            channels.check_phone(
                phone_id=phone.pk,
                is_right=found == "right",
                note="" if found == "right" else "三次无人接听。",
                by=manager,
                at=now - timedelta(days=3),
            )
    moved = PublicPhone.objects.get(number="0797-8390005")
    channels.change_phone(
        phone_id=moved.pk, number="0797-8390006", reason="抢修中心搬迁。", by=manager, at=now - timedelta(days=5)
    )


def _board(manager: User, now: datetime) -> None:
    for row in LineMilestone.objects.filter(channel__code__in=EVIDENCE).select_related("channel"):
        channels.record_milestone(
            milestone_id=row.pk,
            evidence=EVIDENCE[row.channel.code],
            done_on=min(date(2026, 6, 18), local_day(now)) if row.kind == "dual" else None,
            by=manager,
            at=now,
        )


def _codes(manager: User, now: datetime) -> None:
    channels.import_codes(name="便民码.csv", content=PLACES.encode(), by=manager, at=now - timedelta(days=9))
    old = channels.make_code(
        kind="lift",
        name="锦江花园 3 栋 2 单元电梯（旧）",
        region=Region.objects.get(name="章江街道"),
        by=manager,
        at=now - timedelta(days=200),
    )
    lift = PlaceCode.objects.get(name="锦江花园 3 栋 2 单元电梯")
    channels.move_code(code_id=old.pk, token=lift.token, reason="码面磨损，重新印制。", by=manager, at=now)
    for days in (0, 0, 1, 1, 1, 4, 7):
        channels.count_scan(lift, at=now - timedelta(days=days))
    channels.register_by_code(
        code=lift,
        text=SCANNED,
        name="刘先生",
        phone="13979700912",
        hide=True,
        files=(),
        source_number=f"{SOURCE}code",
        at=now - timedelta(minutes=25),
    )
