"""Petition matters, made through the service."""

from datetime import timedelta

from channels_merge.services import petition
from tests.factories.channels_merge import NOON

STORY = "锦江花园东侧工地每晚11点以后还在浇筑混凝土，泵车噪声大，持续到凌晨，要求停止夜间施工，多次反映没有结果。"
ID_NUMBER = "360702198001010016"


def petition_of(office, **fields):
    words = {
        "number": "XF2026110001",
        "title": "锦江花园工地夜间施工",
        "text": STORY,
        "received_at": NOON + timedelta(hours=1),
        "state": "handling",
        "name": "王丽",
        "region": office.county,
        "unit_name": "章贡区信访局",
    }
    return petition.Petition(**(words | fields))


def take_in(office, *, at=NOON + timedelta(hours=2), **fields):
    return petition.take_in_petition(petition=petition_of(office, **fields), by=None, at=at)
