"""A working morning in Ganzhou, made through the services: a full dispatch queue, a county and its urban department at work."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group

from hotline import calendar, parameters
from hotline import services as hotline
from hotline.dates import SHANGHAI
from hotline.models import Region, StoredFile, Unit, User
from responsibility.models import DutyItem
from responsibility.services import load_duty_list
from tickets import services
from tickets.models import Approval, Assignment, Attachment, Ticket

MORNING = datetime(2026, 11, 10, 9, 42, tzinfo=SHANGHAI)

# 区县、标题、内容、类型、紧急程度
QUEUE = [
    (
        "蓉江新区",
        "金东路路面塌陷一处，车辆绕行",
        "金东路与高校园区路口往南约50米，路面塌陷一个大坑，已经有车压爆轮胎，请马上围挡抢修。",
        "help",
        "urgent",
    ),
    (
        "南康区",
        "锦绣花园电梯困人后停用一周",
        "锦绣花园3栋电梯上周五困人，之后一直停用，18层老人出不了门。物业说在等厂家配件，问了几次没有日期，怀疑没有按期维保。",
        "complaint",
        "normal",
    ),
    (
        "章贡区",
        "某网约车司机中途甩客，要求退费",
        "昨晚十点在赣州西站打网约车，司机嫌堵车中途让我下车，平台只退了三块钱，要求退全款并处理司机。",
        "complaint",
        "normal",
    ),
    (
        "于都县",
        "医保异地备案后门诊仍不能直接结算",
        "父亲在深圳看病，已经做了医保异地就业备案，门诊还是不能直接结算，窗口说系统没有信息。",
        "help",
        "normal",
    ),
    (
        "赣州经济技术开发区",
        "小区充电桩电费加价，物业称由运营商定价",
        "恒大名都地下车库充电桩每度电收一块六，物业说价格是运营商定的，没有公示。",
        "complaint",
        "normal",
    ),
    (
        "信丰县",
        "脐橙果园旁水渠被碎石堵塞无法灌溉",
        "大塘埠镇樟塘村水渠被修路的碎石堵了，一百多亩脐橙没水灌溉，村里说要水利部门清。",
        "help",
        "normal",
    ),
    (
        "章贡区",
        "夜间大货车违停压坏人行道",
        "章江新区兴国路每晚十一点后大货车违停在人行道上，地砖压坏一大片，没有交警来管。",
        "report",
        "normal",
    ),
    (
        "赣县区",
        "自来水发黄持续三天",
        "梅林镇城南大道一带自来水发黄三天，有股铁锈味，打水务公司电话说在检修，没有通知。",
        "help",
        "normal",
    ),
    (
        "赣州经济技术开发区",
        "农民工工资拖欠两个月，项目部推诿",
        "在经开区一个厂房工地做钢筋工，项目部拖欠两个月工资三万二，找劳务公司说总包没拨款。",
        "complaint",
        "normal",
    ),
    (
        "宁都县",
        "学校食堂饭菜不热，家长要求公示采购",
        "梅江镇第三小学食堂饭菜中午端出来就是冷的，家长要求公示食材采购和收费标准。",
        "complaint",
        "normal",
    ),
    (
        "章贡区",
        "公交27路早高峰间隔过长",
        "27路公交车早高峰要等二十五分钟，学生上学经常迟到，建议加密班次。",
        "suggest",
        "normal",
    ),
    (
        "兴国县",
        "乡道弯道无反光镜，已有两起剐蹭",
        "长冈乡到鼎龙乡的乡道急弯没有反光镜，上个月两起剐蹭，建议装反光镜和减速带。",
        "suggest",
        "normal",
    ),
    (
        "龙南市",
        "灵活就业社保缴费系统报错",
        "灵活就业人员在手机上交养老保险一直报错，换了手机也不行，怕断缴影响退休。",
        "help",
        "normal",
    ),
    (
        "瑞金市",
        "垃圾中转站异味影响幼儿园",
        "象湖镇垃圾中转站在幼儿园旁边，天热异味很大，垃圾两天才清运一次，孩子不敢开窗。",
        "complaint",
        "normal",
    ),
    (
        "章贡区",
        "楼上装修敲掉承重墙",
        "中海国际社区7栋1502正在装修，把承重墙敲了一大块，楼下天花板已经裂缝，请马上制止。",
        "report",
        "normal",
    ),
    (
        "南康区",
        "燃气公司预约三次未上门",
        "新房通燃气预约了三次，燃气公司都没有上门，客服只说登记了。",
        "complaint",
        "normal",
    ),
    (
        "会昌县",
        "宅基地审批超期无答复",
        "麻州镇增坊村去年十一月交的宅基地申请，乡里说报到县里了，一年没有答复。",
        "complaint",
        "normal",
    ),
    (
        "石城县",
        "药店拒绝刷个人账户",
        "琴江镇一家药店挂着医保定点的牌子，买感冒药不让刷医保个人账户，说机器坏了。",
        "complaint",
        "normal",
    ),
    (
        "大余县",
        "超市散装食品无标签无日期",
        "南安镇一家超市的散装饼干、坚果没有标签，没有生产日期，店员说都是新到的。",
        "report",
        "normal",
    ),
    (
        "章贡区",
        "停车场收费牌与实收不符",
        "南门口地下停车场收费牌写首小时三元，出来收五元，没有发票。",
        "complaint",
        "normal",
    ),
    (
        "上犹县",
        "村道路灯不亮一个月",
        "水岩乡古田村村道路灯有十几盏不亮，已经一个月，晚上老人出门看不见。",
        "help",
        "normal",
    ),
    (
        "安远县",
        "景区退票规则与网上不一致",
        "三百山景区网上写开园前可以全额退票，到窗口说要扣百分之二十手续费。",
        "complaint",
        "normal",
    ),
    (
        "南康区",
        "家具厂喷漆气味扰民",
        "龙岭镇一家家具厂白天晚上喷漆，油漆味飘到居民区，头晕，环保来过一次又照旧。",
        "complaint",
        "normal",
    ),
    ("寻乌县", "河道边有人电鱼", "长宁镇马蹄河每天凌晨有人背着电瓶电鱼，河面上飘小鱼，请执法。", "report", "normal"),
    (
        "章贡区",
        "培训机构停业未退费",
        "文清路一家舞蹈培训机构突然停业，交了八千块课时费没有退，老师电话打不通。",
        "complaint",
        "normal",
    ),
    (
        "章贡区",
        "锦江花园旁工地夜间施工噪声",
        "锦江花园东侧工地夜间施工，泵车噪声大，持续到凌晨两点，影响高三学生休息。",
        "complaint",
        "normal",
    ),
    (
        "章贡区",
        "红旗大道沿街烧烤占道经营",
        "红旗大道二中对面每晚占道经营，烧烤摊十几张桌子摆在人行道上，油烟很大。",
        "complaint",
        "normal",
    ),
    (
        "赣县区",
        "小区停电未提前通知",
        "锦绣新城昨天停电六个小时，没有提前通知，冰箱里的东西都坏了。",
        "complaint",
        "normal",
    ),
    (
        "全南县",
        "矿山车辆扬尘，道路未洒水",
        "大吉山镇运矿车每天几百趟，扬尘很大，路边菜都是灰，没有洒水车。",
        "complaint",
        "normal",
    ),
    (
        "定南县",
        "低保年审材料重复提交",
        "历市镇低保年审，同样的证明交了三次，窗口说系统里没有，老人来回跑。",
        "help",
        "normal",
    ),
    (
        "崇义县",
        "森林公园步道护栏缺失",
        "阳岭森林公园观景步道有三段护栏缺失，旁边就是陡坡，担心孩子摔下去。",
        "help",
        "normal",
    ),
    ("", "想反映一件事", "有个事情一直没有人管，希望你们重视一下。", "complaint", "normal"),
]

DESK = [
    ("红旗大道农贸市场后门占道摆摊堵塞通道", "南外街道", "complaint", 14, "work"),
    ("赣江源大道人行道地砖塌陷，老人绊倒", "水南街道", "help", 9, "work"),
    ("文清路广告灯箱松动，有坠落危险", "解放街道", "help", 1, "sign"),
    ("东阳山路夜间烧烤油烟直排居民楼", "东外街道", "complaint", 1, "signed"),
    ("健康路公厕停水两天未恢复", "赣江街道", "help", 1, "signed"),
    ("登峰大道渣土车沿路撒漏", "湖边镇", "report", 8, "work"),
    ("章江南大道绿道护栏缺失", "水南街道", "help", 7, "work"),
    ("八一四大道路面井盖异响影响休息", "南外街道", "complaint", 7, "work"),
    ("厚德路学校门口流动摊贩，放学时段拥堵", "东外街道", "complaint", 0, "sign"),
    ("中海国际社区外围共享单车占满盲道", "章江街道", "complaint", 0, "sign"),
    ("水东镇七里村道路积水未疏通", "水东镇", "help", 6, "work"),
    ("营角上菜场垃圾清运不及时", "赣江街道", "complaint", 6, "work"),
    ("长征大道路灯成片不亮", "章江街道", "help", 5, "work"),
    ("三康庙街道旁违规搭建铁皮棚", "解放街道", "report", 5, "work"),
    ("沙河大道行道树枝压线", "沙河镇", "help", 5, "work"),
    ("青年路非机动车长期停放在斑马线上", "解放街道", "complaint", 4, "work"),
    ("水西镇河堤边倾倒建筑垃圾", "水西镇", "report", 4, "work"),
    ("南河路早餐店占用消防通道", "水南街道", "report", 3, "work"),
    ("沙石镇集市日交通混乱，建议划线", "沙石镇", "suggest", 3, "work"),
    ("大公路街头健身器材锈断", "赣江街道", "help", 2, "work"),
    ("黄屋坪路洗车店污水流入人行道", "章江街道", "complaint", 2, "work"),
    ("西津路老旧广告牌整治进度", "解放街道", "consult", 1, "extension"),
    ("滨江大道草坪犬只粪便无人清理", "水南街道", "complaint", 3, "submitted"),
    ("瑞金路商铺音响招揽噪声", "东外街道", "complaint", 4, "submitted"),
    ("梅关大道绿化带黄土裸露", "水南街道", "complaint", 4, "submitted"),
    ("公园路烧烤炭火灰倒入雨水井", "赣江街道", "report", 4, "submitted"),
    ("张家围路违法建筑举报后无人核实", "章江街道", "report", 1, "return"),
    ("东门井社区楼道堆物", "赣江街道", "complaint", 1, "return"),
]

RESULT = (
    "您反映的问题已于11月6日受理，区城管局当天与您电话联系。经现场核实情况属实，执法人员已责令商户清理并恢复通道，"
    "11月9日复查未再占用。该点位已列入每日巡查，如再出现请随时拨打12345。"
)
INTERNAL = "现场照片4张已上传。约谈市场管理方，签了门前责任书。周边另有两处类似点位，已转市容中队一并整治。"


@dataclass
class Scene:
    dispatcher: User
    reviewer: User
    county_clerk: User
    handler: User
    liaison: User
    head: User
    city_head: User
    department: Unit
    centre: Unit


def person(name: str, unit: Unit, *roles: str) -> User:
    user = User.objects.create_user(
        f"S{User.objects.count():04d}", None, name=name, unit=unit, must_change_password=False
    )
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


def load_everything() -> None:
    hotline.load_reference(at=MORNING)
    load_duty_list()
    calendar.forget_calendar()
    parameters.forget_parameters()
    hotline.sync_roles()


def register(
    title: str, text: str, kind: str, *, region: Region | None, at: datetime, place: str = "", **fields: Any
) -> Ticket:
    return services.register_ticket(
        title=title,
        text=text,
        kind=kind,
        urgency=fields.pop("urgency", "normal"),
        category=None,
        region=region,
        place=place,
        is_enterprise=False,
        contactable=True,
        first_channel="phone",
        accepted_at=at,
        by=None,
        at=at,
    )


def fill_queue() -> None:
    for number, (where, title, text, kind, urgency) in enumerate(QUEUE):
        region = Region.objects.filter(name=where).exclude(level="township").first() if where else None
        minutes = 8 if urgency == "urgent" else 55 - number
        ticket = register(title, text, kind, region=region, at=MORNING - timedelta(minutes=minutes), urgency=urgency)
        if number % 7 == 1:
            services.count_appeals(ticket_id=ticket.pk, appeals=1)


def fill_county(scene: Scene, county: Unit) -> None:
    """The county's tickets, most of them passed down to its urban department."""
    item = DutyItem.objects.get(code="CG-01-001")
    for number, (title, street, kind, days, stage) in enumerate(DESK):
        given = MORNING - timedelta(days=days, minutes=7 * number + 5)
        region = Region.objects.filter(name=street, parent=county.region).first() or county.region
        ticket = register(
            title,
            f"{title}，已经好几天，请来看一下。住在附近的老人孩子都受影响。",
            kind,
            region=region,
            at=given,
            place=street,
        )
        if number % 3 == 0:
            services.count_appeals(ticket_id=ticket.pk, appeals=number % 6 + 1)
        services.dispatch_ticket(ticket_id=ticket.pk, unit=county, item=item, by=scene.dispatcher, at=given)
        if number not in {8, 9}:
            child = _passed_down(scene, ticket, item, given)
            _brought_to(stage, child, scene, number, given)


def _passed_down(scene: Scene, ticket: Ticket, item: DutyItem, given: datetime) -> Assignment:
    lead_id = Ticket.objects.get(pk=ticket.pk).lead_id
    clerk = scene.county_clerk
    services.sign_assignment(assignment_id=lead_id, handler=clerk, by=clerk, at=given)
    services.pass_down(assignment_id=lead_id, unit=scene.department, item=item, by=clerk, at=given)
    return Assignment.objects.get(ticket=ticket, unit=scene.department)


def _brought_to(stage: str, part: Assignment, scene: Scene, number: int, given: datetime) -> None:
    handler = scene.liaison if number % 2 else scene.handler
    if stage == "sign":
        return
    services.sign_assignment(assignment_id=part.pk, handler=handler, by=scene.liaison, at=given + timedelta(minutes=3))
    if stage in {"work", "extension", "submitted"}:
        services.record_contact(assignment_id=part.pk, reached=True, by=handler, at=given + timedelta(hours=1))
    if stage == "return":
        services.request_return(
            assignment_id=part.pk,
            ground="not_our_duty",
            reason="楼道堆物属消防和物业管理，三定方案中本局只管公共场所市容。附区府办〔2024〕12号第三条。",
            by=scene.liaison,
            at=MORNING - timedelta(minutes=30),
        )
    if stage == "extension":
        services.request_extension(
            assignment_id=part.pk,
            days=2,
            reason="须待市里批复整治方案，预计12日下达。",
            by=handler,
            at=MORNING - timedelta(minutes=20),
        )
    if stage == "submitted":
        _submitted(part, handler, number, given)


def _submitted(part: Assignment, handler: User, number: int, given: datetime) -> None:
    services.record_onsite(
        assignment_id=part.pk, found="现场已清理。", visited_at=given + timedelta(hours=2), by=handler, at=MORNING
    )
    _photos(part)
    services.submit_result(
        assignment_id=part.pk,
        resolved="yes" if number % 2 else "partly",
        unresolved_reason="" if number % 2 else "夜间仍有零星摊位，列入每晚巡查。",
        public_text=RESULT,
        internal_text=INTERNAL,
        standard_met=True,
        by=handler,
        at=MORNING - timedelta(minutes=60 - number),
    )


def _photos(part: Assignment) -> None:
    for number in range(4):
        file = StoredFile.objects.create(
            sha256=f"{part.pk:060d}{number:04d}",
            size=1,
            content_type="image/png",
            name=f"{number}.png",
            path=f"{part.pk}-{number}",
            uploaded_at=MORNING,
        )
        Attachment.objects.create(
            ticket=part.ticket, assignment=part, file=file, kind="before" if number < 2 else "after"
        )


def fill_city(scene: Scene, department: Unit) -> None:
    """Returns to the city, a dispute, results before the city's reviewers."""
    handler = person("钟建", department, "handler", "liaison")
    stories = [
        ("道路积水：赣县区住建局称属市政管养", "not_our_duty", "该路段2023年已移交区城投管养，附移交单。", "return"),
        ("小区配电房噪声：供电公司称属物业", "not_our_duty", "配电房产权属小区业主，供电只管到计量表。", "return"),
        ("林地边界纠纷：两村各执一词", "legal_route", "权属争议应先申请人民政府处理，不服再诉讼。", "dispute"),
        ("跨区渣土倾倒：章贡、赣县互认对方", "not_our_place", "倾倒点经测绘在赣县区界内，附坐标图。", "dispute"),
        ("唐江镇自来水二次供水水箱未清洗", "", "", "submitted"),
        ("农贸市场公平秤失准", "", "", "submitted"),
        ("公租房退租押金未退", "", "", "submitted"),
    ]
    for number, (title, ground, reason, stage) in enumerate(stories):
        given = (
            MORNING - timedelta(minutes=90 - 7 * number)
            if stage == "return"
            else MORNING - timedelta(hours=20, minutes=number)
        )
        region = Region.objects.get(name="赣县区")
        ticket = register(
            title,
            f"{title}，反映多次没有人管，希望明确由谁负责。",
            "complaint",
            region=region,
            at=given,
            place="梅林镇",
        )
        services.dispatch_ticket(ticket_id=ticket.pk, unit=department, item=None, by=scene.dispatcher, at=given)
        ticket = Ticket.objects.get(pk=ticket.pk)
        if stage == "submitted":
            services.sign_assignment(assignment_id=ticket.lead_id, handler=handler, by=handler, at=given)
            services.record_contact(assignment_id=ticket.lead_id, reached=True, by=handler, at=given)
            services.submit_result(
                assignment_id=ticket.lead_id,
                resolved="partly",
                unresolved_reason="还有两处在施工，月底前完工。",
                public_text=RESULT,
                internal_text=INTERNAL,
                standard_met=False,
                standard_note="复查还没做。",
                by=handler,
                at=MORNING - timedelta(minutes=80 - number),
            )
            approval = Approval.objects.get(ticket=ticket, state="pending")
            services.approve(approval_id=approval.pk, by=scene.city_head, at=MORNING - timedelta(minutes=40 - number))
            continue
        services.request_return(
            assignment_id=ticket.lead_id,
            ground=ground,
            reason=reason,
            suggested_unit=None,
            by=handler,
            at=given + timedelta(minutes=5),
        )
        if stage == "dispute":
            request = ticket.lead.returnrequests.get()
            services.dispute_return(
                request_id=request.pk,
                reason="两家说法都有依据，须裁定。",
                by=scene.reviewer,
                at=MORNING - timedelta(minutes=30),
            )


def make_scene() -> Scene:
    load_everything()
    centre = Unit.objects.get(kind="centre")
    county_region = Region.objects.get(name="章贡区")
    county = Unit.objects.get(kind="county_centre", region=county_region)
    department = Unit.objects.get(kind="county_department", parent=county, function="urban_management")
    city_department = Unit.objects.get(code="CITY-ZJJ")
    scene = Scene(
        dispatcher=person("周敏", centre, "dispatcher"),
        reviewer=person("吴洁", centre, "reviewer"),
        county_clerk=person("郭芳", county, "county_centre"),
        handler=person("李强", department, "handler"),
        liaison=person("刘明", department, "liaison", "handler"),
        head=person("陈刚", department, "unit_head"),
        city_head=person("胡军", city_department, "unit_head"),
        department=department,
        centre=centre,
    )
    fill_county(scene, county)
    fill_city(scene, city_department)
    fill_queue()
    return scene
