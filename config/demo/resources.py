"""Who else helps to settle a matter, and what they were asked. Once, through the services."""

from datetime import date, datetime, timedelta

from django.db import transaction

from channels_merge.models import Appeal
from channels_merge.selectors import ticket_of
from config.demo.roads import HOUR, SOURCE, Roads
from hotline.dates import local_day
from hotline.models import Unit, User
from responsibility.models import Resource
from responsibility.services import save_resource
from responsibility.states import ResourceKind
from tickets import services as tickets
from tickets.models import Mediation, Ticket

# kind, county ("" the whole city), name, contact, telephone, hours, what it takes on
REGISTER = (
    ("governance", "章贡区", "章贡区综治中心", "刘建国", "0797-8100101", "工作日 08:30–17:30", "跨部门的矛盾纠纷，一窗受理、会同化解"),
    ("mediation", "章贡区", "章江街道人民调解委员会", "钟敏", "0797-8100102", "工作日 09:00–17:00", "邻里、物业、施工噪声、相邻关系纠纷"),
    ("mediation", "章贡区", "章贡区物业纠纷人民调解委员会", "赖春华", "0797-8100103", "工作日 09:00–17:00，周六上午", "物业费、公共收益、业委会换届纠纷"),
    ("judicial", "章贡区", "水南司法所", "温志平", "0797-8100104", "工作日 08:30–17:30", "婚姻家庭、继承、山林土地纠纷，法律咨询"),
    ("social_work", "章贡区", "章贡区阳光社工站", "谢小兰", "0797-8100105", "周二至周日 09:00–18:00", "老人、儿童、困难家庭的陪伴和走访"),
    ("governance", "南康区", "南康区综治中心", "肖卫东", "0797-6600101", "工作日 08:30–17:30", "跨部门的矛盾纠纷"),
    ("mediation", "南康区", "东山街道人民调解委员会", "邱秀英", "0797-6600102", "工作日 09:00–17:00", "邻里、物业、消费纠纷"),
    ("mediation", "安远县", "安远县消费纠纷人民调解委员会", "唐永红", "0797-3700102", "工作日 09:00–17:00", "预付卡、培训退费、商品质量纠纷"),
    ("mediation", "上犹县", "上犹县旅游纠纷人民调解委员会", "黄晓燕", "0797-8500102", "每天 08:30–17:30", "门票、住宿、跟团游的退费和服务纠纷"),
    ("legal_aid", "", "赣州市法律援助中心", "罗文斌", "0797-8100148", "工作日 09:00–17:00", "农民工工资、工伤、赡养，经济困难的免费代理"),
    ("other", "", "赣州市律师协会公益调解室", "曾海波", "0797-8100149", "每周三 14:30–17:30", "合同、侵权、商品房买卖纠纷"),
)  # fmt: skip
ENDED = ("mediation", "章贡区", "章贡区消费纠纷调解室", "何国庆", "0797-8100106", "工作日 09:00–17:00", "消费纠纷")


@transaction.atomic
def settle_outside(roads: Roads) -> None:
    """Nothing when it has been done."""
    if Resource.objects.exists():
        return
    now, administrator = roads.now, User.objects.get(username="admin1")
    centres = {
        unit.region.name: unit for unit in Unit.objects.filter(kind=Unit.Kind.COUNTY_CENTRE).select_related("region")
    }
    begins, ended = local_day(now - timedelta(days=200)), local_day(now - timedelta(days=30))
    for row, until in (*((row, None) for row in REGISTER), (ENDED, ended)):
        _register(row, centres, begins, until, administrator, now - timedelta(days=60))
    _ask_five(roads, now)


def _register(row, centres, begins: date, until: date | None, by: User, at: datetime) -> None:
    kind, county, name, contact, phone, hours, takes = row
    save_resource(
        pk=None, kind=ResourceKind(kind), centre=centres.get(county), name=name, contact=contact, phone=phone,
        hours=hours, takes=takes, valid_from=begins, valid_until=until, by=by, at=at,
    )  # fmt: skip


def _ask_five(roads: Roads, now: datetime) -> None:
    site = _ask(
        roads, "锦江花园旁工地夜间施工噪声扰民", "章江街道人民调解委员会",
        "工地和东侧住户为夜间浇筑争执，请主持双方商量停工的时间和补偿。", now - 30 * HOUR,
    )  # fmt: skip
    _ask(
        roads, "农贸市场后门占道摆摊堵塞通道", "章贡区综治中心",
        "请把市场、摊贩和后门住户叫到一起，商量早市的时段和通道。", now - timedelta(days=12),
    )  # fmt: skip
    school = _ask(
        roads, "培训机构停业不退费", "安远县消费纠纷人民调解委员会",
        "请联系机构原负责人，商量剩余课时的退费。", now - 44 * HOUR,
    )  # fmt: skip
    tour = _ask(
        roads, "景区退票规则与网上不一致", "上犹县旅游纠纷人民调解委员会",
        "平台写随时退，景区只肯改期，请主持协商退票。", now - 42 * HOUR,
    )  # fmt: skip
    _ask(
        roads, "商品房逾期交房", "赣州市律师协会公益调解室",
        "请就违约金的算法给双方讲清楚，并主持协商支付时间。", now - 20 * HOUR,
    )  # fmt: skip
    clerk = roads.people.of(site.resource.centre)["liaison"]
    _record(
        site,
        clerk,
        "agreed",
        "工地承诺每晚十点停止浇筑，确需连续作业的提前一天张贴许可；住户不再要求补偿。",
        "钟敏",
        now,
    )
    _record(
        school,
        school.asked_by,
        "failed",
        "机构负责人愿退三成，家长要求全退，没有谈成，已告知可以起诉和申请法律援助。",
        "唐永红",
        now,
    )
    _record(tour, tour.asked_by, "declined", "平台不在本地，调解委员会联系不上，没有受理。", "", now)
    tickets.remind_mediations(at=now)


def _ask(roads: Roads, title: str, resource: str, asked: str, at: datetime) -> Mediation:
    part = _ticket(title).holder
    event = tickets.ask_mediation(
        assignment_id=part.pk,
        resource=Resource.objects.get(name=resource),
        asked=asked,
        consent="电话征得反映人同意，已告知调解不收费、可以随时退出。",
        by=roads.people.of(part.unit)["handler"],
        at=at,
    )
    return Mediation.objects.select_related("resource__centre", "asked_by").get(pk=event.data["mediation"])


def _ticket(title: str) -> Ticket:
    appeal = Appeal.objects.filter(title=title, source_number__startswith=SOURCE).order_by("pk")[0]
    return ticket_of(appeal)


def _record(mediation: Mediation, by: User, outcome: str, words: str, mediator: str, now: datetime) -> None:
    at = now - 2 * HOUR
    tickets.record_mediation(
        mediation_id=mediation.pk,
        outcome=outcome,
        words=words,
        mediator=mediator,
        held_on=local_day(at) if mediator else None,
        by=by,
        at=at,
    )
