"""Short texts of our own, as agents write them: what a fit learns that only the place, or only the trouble, is the same.

The judged messages are long letters of another city; in a hotline most are three lines about a village and a lamp.
"""

import random
from datetime import datetime, timedelta
from typing import Final

from channels_merge.matching import Message
from hotline.dates import SHANGHAI

PLACES: Final = (
    ("水东镇七里村", "七里村"),
    ("沙河镇罗边村", "罗边村"),
    ("蟠龙街道西坑社区", "西坑社区"),
    ("湖边镇岗边村", "岗边村"),
    ("潭口镇洋山村", "洋山村"),
    ("凤岗镇大塘小区", "大塘小区"),
    ("唐江镇卢屋村", "卢屋村"),
    ("龙华镇赤江村", "赤江村"),
    ("镜坝镇文明村", "文明村"),
    ("横市镇圩下村", "圩下村"),
    ("章江街道锦江花园", "锦江花园"),
    ("解放街道建春门社区", "建春门社区"),
    ("红旗大道金马公寓", "金马公寓"),
    ("长征大道东方苑小区", "东方苑小区"),
    ("客家大道云星公馆", "云星公馆"),
    ("东阳山路翠湖花园", "翠湖花园"),
)
"""In full and as neighbours say it."""

TROUBLES: Final = (
    (
        ("路灯不亮", "路灯坏了快一个月，晚上出门什么都看不见，老人小孩都不敢走。"),
        ("路灯坏了没人修", "一整条路的灯都不亮，晚上黑漆漆的，请派人来换灯。"),
    ),
    (
        ("垃圾没人清运", "垃圾桶满了好几天没有人来拉走，天气热味道很大。"),
        ("垃圾堆积如山", "门口的垃圾一个星期没有清运，到处是苍蝇，臭得不敢开窗。"),
    ),
    (
        ("自来水发黄", "自来水放出来是黄的，还有沙子，不敢用来做饭。"),
        ("水质浑浊", "这几天家里的水又黄又浑，不能喝，希望水务公司来检查。"),
    ),
    (
        ("半夜施工", "旁边工地半夜还在施工，机器声音很响，一家人睡不着觉。"),
        ("夜间施工噪音大", "工地凌晨两点还在打桩，吵得老人孩子无法休息。"),
    ),
    (
        ("电梯经常停运", "电梯三天两头坏，高层老人下不了楼，物业说没有钱修。"),
        ("电梯故障困人", "昨天电梯又停在半路把人关在里面，物业一直不肯维修。"),
    ),
    (
        ("餐馆油烟扰民", "楼下饭店的油烟直接排到楼道里，没有装烟道，家里全是油味。"),
        ("楼下饭店油烟大", "一楼餐馆没有专用烟道，炒菜的油烟飘进卧室，投诉过没有用。"),
    ),
    (
        ("下水道堵塞", "下水道堵了，污水冒到路面上，走路都要绕开。"),
        ("污水横流", "地下管道堵住没人疏通，脏水流得满路都是。"),
    ),
    (
        ("车辆乱停", "路两边停满了车，消防车进不来，没有人管。"),
        ("消防通道被占", "很多车停在消防通道上，救护车都开不进来，请交警来处理。"),
    ),
)
"""Each told by two people: title and text."""

_HEADS: Final = ("", "您好，", "领导您好，", "我是{place}的居民，", "市民来电反映，{place}")
_ENDS: Final = ("请尽快处理。", "希望有关部门来看看。", "谢谢。", "已经反映过几次了。")
_FIRST_DAY: Final = datetime(2026, 9, 1, 9, 0, tzinfo=SHANGHAI)


def pairs(rounds: int, *, seed: int) -> list[tuple[Message, Message, bool]]:
    """(one, other, is it one matter): in each round the same matter, the same place with another trouble, and the same
    trouble at another place.
    """
    dice = random.Random(seed)
    found = []
    for _ in range(rounds):
        place, trouble, day = dice.randrange(len(PLACES)), dice.randrange(len(TROUBLES)), dice.randrange(60)
        elsewhere = dice.choice([other for other in range(len(PLACES)) if other != place])
        else_wrong = dice.choice([other for other in range(len(TROUBLES)) if other != trouble])
        for there, wrong, same in ((place, trouble, True), (place, else_wrong, False), (elsewhere, trouble, False)):
            one = _told(dice, place, TROUBLES[trouble][0], day)
            found.append((one, _told(dice, there, dice.choice(TROUBLES[wrong]), day + dice.randrange(25)), same))
    return found


def _told(dice: random.Random, place: int, said: tuple[str, str], day: int) -> Message:
    (full, short), (title, text) = PLACES[place], said
    here = full if dice.random() < 0.6 else short
    heading = f"{here}{title}" if dice.random() < 0.8 else f"反映{here}{title}的问题"
    told = text if dice.random() < 0.6 else f"{full}{text}"
    words = dice.choice(_HEADS).format(place=full) + told + dice.choice(_ENDS)
    return Message(heading, words, _FIRST_DAY + timedelta(days=day))
