import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responsibility.routing import Condition, Index, ItemText, hours_named
from responsibility.services.loading import reference_items
from responsibility.states import AppealKind


def compiled(rows):
    return Index(
        [
            ItemText(
                key=number,
                code=row["code"],
                title=row["title"],
                category=row["category"],
                words=tuple(row["words"]),
                excluded_words=tuple(row.get("not_words", ())),
                belongs=row["belongs"],
                kinds=tuple(row.get("kinds", AppealKind.values)),
                level=row["level"],
                city_function=row["city"],
                county_function=row.get("county", ""),
                township_role=row.get("township", "none"),
                conditions=tuple(Condition.from_json(condition) for condition in row.get("conditions", ())),
            )
            for number, row in enumerate(rows)
        ]
    )


ROWS = reference_items()
INDEX = compiled(ROWS)


@pytest.mark.parametrize(
    ("text", "code", "function"),
    [
        ("楼下工地天天晚上打桩到十二点，小孩根本睡不着", "CG-04-013", "urban_management"),
        ("隔壁邻居中午装修，电钻响个不停", "CG-04-015", "housing"),
        ("文化公园每晚跳广场舞，音响开得很大", "GA-02-003", "public_security"),
        ("家具厂夜里开工，机器轰鸣，厂界噪声很大", "HB-01-002", "ecology"),
        ("小区门口的服装店用高音喇叭循环叫卖", "CG-04-014", "urban_management"),
        ("半夜有摩托车炸街，改装车排气管太响", "JT-02-005", "traffic_police"),
        ("楼下烧烤店油烟直排，窗户都不敢开", "HB-02-001", "urban_management"),
        ("渣土车一路撒漏，尘土飞扬", "HB-02-002", "urban_management"),
        ("电梯又把老人困在里面了，物业说等配件", "SC-07-002", "market_supervision"),
        ("想给我们老旧小区加装电梯，怎么申请", "ZJ-04-002", "housing"),
        ("物业不作为，小区保洁没人管", "ZJ-01-001", "housing"),
        ("屋顶漏水想动用维修资金，不知道怎么申请", "ZJ-01-003", "housing"),
        ("楼盘停工大半年，开发商说交不了房", "ZJ-02-002", "housing"),
        ("红旗大道的路灯坏了三盏，晚上漆黑一片", "CG-02-003", "urban_management"),
        ("人行道上一个井盖破了，差点掉下去", "CG-02-002", "urban_management"),
        ("路边的通信井井盖松动，写着中国电信", "CG-02-002", "communication"),
        ("路上有个电力井的井盖塌了", "CG-02-002", "power_supply"),
        ("路口红绿灯不亮，上下班很危险", "JT-02-001", "traffic_police"),
        ("马路两边货车乱停，占道停车堵住路口", "JT-02-002", "traffic_police"),
        ("公交站旁的红绿灯坏了，请维修", "JT-02-001", "traffic_police"),
        ("27路公交等了一个小时都不来，班次太少", "JT-01-001", "public_transit"),
        ("出租车拒载，还不打表", "JT-01-002", "transport"),
        ("自来水发黄三天了，还有股味道", "GY-01-002", "water_supply"),
        ("家里停水两天，水压一直很低", "GY-01-001", "water_supply"),
        ("村里的路坑坑洼洼，村道一直没有硬化路面", "JT-03-001", "transport"),
        ("工地上拖欠农民工工资，包工头不见了", "RS-01-001", "human_resources"),
        ("公司不交社保，也不给补缴社保", "RS-02-001", "human_resources"),
        ("在广东打工，异地就医备案了还是不能直接结算", "YB-01-002", "medical_insurance"),
        ("公积金贷款一直批不下来", "GJ-01-001", "housing_fund"),
        ("健身房关门跑路，办的年卡里还有钱", "SC-02-001", "market_supervision"),
        ("培训机构停业，剩余课时费不退", "JY-03-001", "education"),
        ("小孩上小学，学区划分到很远的学校", "JY-01-001", "education"),
        ("消防通道被私家车占用，消防车通道堵死", "XF-01-001", "fire"),
        ("有人把电动车推上楼，在楼道里飞线充电", "XF-01-002", "fire"),
        ("田里有人烧秸秆，浓烟滚滚", "HB-02-004", "ecology"),
        ("养猪场的粪水直排，臭得不行", "NY-02-002", "ecology"),
        ("有人在河里电鱼", "SL-01-001", "agriculture"),
        ("邻居遛狗不牵绳，狗咬人", "GA-03-001", "public_security"),
        ("申请农村宅基地建房审批一年没有答复", "NY-01-001", "agriculture"),
        ("征地补偿款没有发到位，村民一直在等", "NY-01-003", "natural_resources"),
        ("安置小区楼下的物流点凌晨装卸货，吵得睡不着", "CG-04-014", "urban_management"),
        ("门口这条断头路什么时候通车", "CG-02-006", "housing"),
        ("楼下麻将馆天天吵到半夜", "GA-02-003", "public_security"),
        ("邻居晚上打架子鼓，整栋楼都听得见", "GA-02-003", "public_security"),
        ("火车鸣笛，铁路边的噪音整夜不停", "JT-02-005", "ecology"),
        ("对面店铺的招牌灯光太刺眼，窗帘都挡不住", "CG-01-002", "urban_management"),
        ("小区里蚊虫蟑螂太多，请安排消杀", "WJ-02-001", "health"),
        ("机动车检测站乱收费", "SC-03-001", "market_supervision"),
        ("听说小区边上要建变电站，担心辐射", "GY-02-001", "power_supply"),
        ("有人违法占地挖了耕地", "NY-01-001", "natural_resources"),
        ("人行道上堆满了共享单车，没人管", "CG-05-001", "urban_management"),
        ("驾校交了钱一直不让练车，要求退费", "JT-01-008", "transport"),
        ("外卖里吃出了蟑螂", "SP-01-003", "market_supervision"),
        ("野猪把庄稼全糟蹋了，怎么赔", "NY-03-002", "forestry"),
        ("护照和港澳通行证在哪里办理", "GA-01-003", "public_security"),
        ("屋后的山体滑坡，裂缝越来越大", "YJ-02-002", "natural_resources"),
        ("暴力催收，天天打电话骚扰通讯录", "JR-01-004", "finance"),
        ("村里停水半个月，自来水一滴都没有", "SL-02-001", "water"),
        ("外嫁女的户口还在村里，分红不给我", "NY-04-003", "agriculture"),
        ("老人被保健品讲座骗了一万多", "SP-01-006", "market_supervision"),
    ],
)
def test_what_citizens_say_finds_the_item_and_the_line_of_work(text, code, function):
    best = INDEX.match(text)[0]

    works = best.county_function if best.level == "county" else best.city_function
    assert (best.item.code, works) == (code, function)


@pytest.mark.parametrize("text", ["", "你好", "谢谢领导的关心", "asdf 1234"])
def test_what_names_no_matter_finds_nothing(text):
    assert INDEX.match(text) == []


def item(
    number,
    *,
    words=("路灯",),
    excluded_words=(),
    category="010201",
    kinds=("help",),
    conditions=(),
    title="",
    work="a",
):
    return ItemText(
        key=number,
        code=f"X-{number}",
        title=title,
        category=category,
        words=words,
        excluded_words=excluded_words,
        belongs="",
        kinds=kinds,
        level="county",
        city_function="a",
        county_function=work,
        township_role="none",
        conditions=conditions,
    )


def codes(matches):
    return [match.item.code for match in matches]


def test_a_short_word_inside_a_longer_one_hardly_counts():
    index = Index([item(1, words=("贷款",)), item(2, words=("公积金贷款",))])
    longer, shorter = index.match("公积金贷款怎么还")

    assert (longer.item.code, shorter.item.code) == ("X-2", "X-1")
    assert shorter.evidence < 0.6 * index.match("贷款怎么还")[0].evidence


def test_a_pair_counts_only_in_one_sentence_and_near():
    index = Index([item(1, words=("工资+拖欠",))])

    assert codes(index.match("包工头拖欠我们半年的工资")) == ["X-1"]
    assert index.match("拖欠了很久。说的不是工资。") == []
    assert index.match("拖欠" + "很" * 20 + "工资") == []


def test_of_three_words_each_stands_near_the_next():
    index = Index([item(1, words=("村里+快递+收费",))])

    assert codes(index.match("村里取快递还要收费")) == ["X-1"]
    assert index.match("村里取快递。另外停车收费。") == []


def test_what_stands_only_below_counts_for_less_once_the_title_names_a_matter():
    index = Index([item(1, words=("路灯",)), item(2, words=("电梯",))])
    below = index.match("电梯坏了吗\n楼下的路灯也不亮")[1]
    alone = index.match("请尽快处理\n楼下的路灯也不亮")[0]

    assert (below.item.code, alone.item.code) == ("X-1", "X-1")
    assert below.evidence < 0.8 * alone.evidence


def test_the_title_decides_over_the_body():
    index = Index([item(1, words=("路灯",)), item(2, words=("电梯",))])

    assert codes(index.match("路灯坏了\n我家小区的电梯刚刚修好")) == ["X-1", "X-2"]
    assert codes(index.match("电梯坏了\n我家小区的路灯刚刚修好")) == ["X-2", "X-1"]


def test_a_landmark_is_not_the_matter():
    index = Index([item(1, words=("公交站",)), item(2, words=("路灯",))])

    assert codes(index.match("公交站对面的路灯不亮")) == ["X-2", "X-1"]


def test_words_that_do_not_belong_take_points():
    plain = Index([item(1)]).match("小区里的路灯坏了")[0]
    excluded = Index([item(1, excluded_words=("小区里",))]).match("小区里的路灯坏了")[0]

    assert excluded.excluded_words == ("小区里",)
    assert excluded.word_points < plain.word_points


def test_the_chosen_category_adds_and_another_takes_away():
    index = Index([item(1)])
    plain, agrees, differs = (index.match("路灯坏了", category=category)[0] for category in ("", "010201", "050101"))

    def total(match):
        return match.item_points + match.word_points

    assert total(differs) < total(plain) < total(agrees)
    assert (plain.category_agrees, agrees.category_agrees, differs.category_agrees) == (False, True, False)


def test_a_category_alone_proposes_its_item_without_being_sure():
    (match,) = Index([item(1)]).match("请尽快来看看", category="010201")

    assert match.matched_words == ()
    assert match.item_points + match.word_points < 90


def test_a_kind_the_item_does_not_take_costs_points():
    index = Index([item(1)])

    assert index.match("路灯坏了", kind="praise")[0].evidence < index.match("路灯坏了", kind="help")[0].evidence


def test_two_equal_items_of_two_units_are_both_unsure():
    first, second = Index([item(1), item(2, work="b")]).match("路灯坏了，路灯不亮")

    assert first.item_points + first.word_points == second.item_points + second.word_points < 70


def test_an_item_of_the_same_unit_leaves_less_in_doubt():
    points = [
        match.item_points + match.word_points
        for work in ("a", "b")
        for match in Index([item(1), item(2, work=work)]).match("路灯坏了，路灯不亮")[:1]
    ]

    assert points[0] > points[1]


def test_a_condition_changes_the_line_of_work_and_says_why():
    condition = Condition(words=("电力井",), county_function="power_supply", note="电力井盖由供电企业负责")
    index = Index([item(1, words=("井盖",), conditions=(condition,))])

    assert (index.match("井盖坏了")[0].county_function, index.match("井盖坏了")[0].notes) == ("a", ())
    fitting = index.match("电力井的井盖坏了")[0]
    assert (fitting.county_function, fitting.notes) == ("power_supply", ("电力井盖由供电企业负责",))


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("晚上11点还在施工", {23}),
        ("凌晨2点多", {2}),
        ("23:30 还在放音乐", {23}),
        ("下午三点到晚上十点", {15, 22}),
        ("半夜打桩", {0}),
        ("半夜十二点", {0}),
        ("每天夜间施工", {23}),
        ("有两点问题", set()),
        ("周末也不停", set()),
    ],
)
def test_hours_of_a_text(text, hours):
    assert hours_named(text) == hours


@pytest.mark.parametrize(
    ("text", "holds"),
    [("晚上11点", True), ("凌晨3点", True), ("上午9点", False), ("上午9点到晚上11点", False), ("一直吵", False)],
)
def test_a_condition_on_the_hour_needs_every_hour_named_within(text, holds):
    assert Condition(hour=(22, 6)).holds(text, hours_named(text)) is holds


PHRASES = st.lists(
    st.sampled_from(sorted({word.replace("+", "") for row in ROWS for word in row["words"]})), max_size=8
)


SOME = Index(INDEX.items[::5])


@settings(max_examples=30)
@given(phrases=PHRASES, order=st.randoms(use_true_random=False))
def test_the_order_of_items_in_the_list_changes_nothing(phrases, order):
    text = "，".join(phrases)
    shuffled = list(SOME.items)
    order.shuffle(shuffled)

    def seen(matches):
        return [(match.item.code, match.item_points, match.word_points, match.matched_words) for match in matches]

    assert seen(Index(shuffled).match(text)) == seen(SOME.match(text))


@settings(max_examples=100)
@given(phrases=PHRASES, noise=st.text(max_size=40))
def test_scores_fall_and_stay_within_the_scale(phrases, noise):
    matches = INDEX.match(noise + "，".join(phrases))
    points = [match.item_points + match.word_points for match in matches]

    assert points == sorted(points, reverse=True)
    assert all(0 <= point <= 92 for point in points)
    assert all(match.item_points >= 0 and match.word_points >= 0 for match in matches)
    assert len({match.item.code for match in matches}) == len(matches) <= 5


def test_one_item_is_judged_by_itself():
    text = "小区电梯坏了，物业不管"
    alone = INDEX.match_item("ZJ-01-001", text)

    assert (alone.item.code, alone.matched_words[0]) == ("ZJ-01-001", "物业不管")
    assert INDEX.match_item("XX-00-000", text) is None


def test_items_asked_for_follow_those_that_are_said():
    index = Index([item(1), item(2, words=("停水",)), item(3, words=("噪声",))])

    said = index.match("路灯不亮", also=["X", index.items[2].code, index.items[0].code])

    assert codes(said) == [index.items[0].code, index.items[2].code]
    assert (said[1].matched_words, said[0].evidence > said[1].evidence) == ((), True)
    assert codes(index.match("今天天气不错", also=[index.items[1].code])) == [index.items[1].code]
