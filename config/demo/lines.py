"""What other platforms sent: some taken in, some that a person has to look at. Nobody stands behind the address."""

from datetime import datetime, timedelta

from django.db import transaction

from channels_merge import services as channels
from channels_merge.models import Appeal, InboundMessage, Line
from channels_merge.services.inbound import as_body
from config.demo.roads import SOURCE
from hotline.models import User

NOBODY_LISTENS = "http://127.0.0.1:9/hotline"

# minutes ago, line, event, number, data
SENT = (
    (190, "12328", "appeal", "JT-1", {"text": "117 路公交改线以后不到人民医院了，老人看病要走一公里，希望恢复原来的站。", "category_code": "A03", "category_name": "公交线路"}),
    (150, "12328", "appeal", "JT-2", {"text": "在赣州西站打车，司机不打表，到章贡区政府要了八十元，请查处。", "category_code": "A01", "category_name": "出租车收费", "region_code": "360702"}),
    (80, "12328", "urge", "JT-1", {"text": "问过一次了，想知道什么时候能恢复。"}),
    (170, "12315", "appeal", "XF-1", {"text": "在红旗大道一家店买的电动车三天就坏了，商家不退不修。", "kind": "投诉", "category_code": "TS-06", "category_name": "电动自行车"}),
    (95, "12315", "appeal", "XF-2", {"text": "不退", "kind": "投诉"}),
    (60, "12315", "supplement", "XF-9", {"text": "补一张发票的照片编号。"}),
    (240, "province", "appeal", "JX-1", {"text": "南康区一家家具厂排放刺鼻气味，附近住户晚上不敢开窗。", "kind": "举报", "days": 9}),
    (30, "province", "appeal", "JX-2", {"text": "反映吉安市青原区一条村道塌方，希望尽快修好。", "kind": "求助", "days": 5}),
    (45, "110", "appeal", "JQ-1", {"text": "楼下烧烤店凌晨两点还在营业，桌椅摆到人行道上，吵得睡不着。", "kind": "投诉", "first_called": "them", "three_party": True}),
)  # fmt: skip


@transaction.atomic
def plug_in(*, now: datetime) -> None:
    """Once; nothing when lines have been heard from."""
    if InboundMessage.objects.exists():
        return
    channels.sync_lines()
    lines = {line.channel.code: line for line in Line.objects.select_related("channel")}
    for code in ("12328", "12315", "province", "110", "12348"):
        channels.issue_line_secret(line_id=lines[code].pk, by=None, at=now - timedelta(days=6))
    channels.change_line(
        line_id=lines["province"].pk, is_open=True, algorithm="HMAC-SM3", push_url=NOBODY_LISTENS, by=None, at=now
    )
    for minutes, code, event, number, data in SENT:
        at = now - timedelta(minutes=minutes)
        _send(lines[code], event, number, dict(data), at)
    channels.store_message(line=lines["12315"], body="诉求编号,内容\nXF-3,".encode(), at=now - timedelta(minutes=20))
    channels.take_in_due(at=now)
    channels.return_to_line(
        appeal_id=Appeal.objects.get(source_number=f"{SOURCE}JX-2").pk,
        reason="地点在吉安市，不归本市。",
        by=User.objects.get(username="dispatcher1"),
        at=now,
    )


def _send(line: Line, event: str, number: str, data: dict[str, object], at: datetime) -> None:
    days = data.pop("days", None)
    if isinstance(days, int):
        data["due_at"] = (at + timedelta(days=days)).isoformat()
    message = {"message_id": f"{event}-{number}", "event": event, "number": f"{SOURCE}{number}", "data": data}
    stored = channels.store_message(line=line, body=as_body(message), at=at)
    channels.take_in(inbound_id=stored.message.pk, at=at)
