"""Demonstration data: people for every role and matters in every state, all made through the services."""

import csv
import os
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from channels_merge.models import Appeal
from config.demo import lines, register, telephone
from config.demo.disputes import object_to_rulings
from config.demo.merging import bring_together
from config.demo.past import read_samples, remember
from config.demo.people import ACCOUNTS, People
from config.demo.petition_grid import show_neighbours
from config.demo.resources import settle_outside
from config.demo.roads import SOURCE, Roads
from hotline.models import Unit, User
from hotline.services import sweep_clocks
from responsibility.services import count_routing
from tickets.models import Ticket

APPEALS = Path(__file__).resolve().parents[2] / "demo" / "appeals.csv"


class Command(BaseCommand):
    help = "装载演示数据（只装进没有人员和工单的数据库）。口令取自环境变量 HOTLINE_DEMO_PASSWORD。"

    def handle(self, *args, **options):
        if (
            User.objects.filter(is_demo=False).exists()
            or Appeal.objects.exclude(source_number__startswith=SOURCE).exists()
        ):
            raise CommandError("数据库里已有真实的人员或诉求，不装载演示数据。")
        password = os.environ.get("HOTLINE_DEMO_PASSWORD", "")
        if len(password) < 10:
            raise CommandError("请用环境变量 HOTLINE_DEMO_PASSWORD 给出至少 10 位的演示口令。")
        now = timezone.now()
        rows = read_rows()
        people = People(password, now)
        make_people(people)
        roads = Roads(people, now=now)
        remember(roads)
        for index, row in enumerate(rows):
            roads.walk(index, row)
            if (index + 1) % 20 == 0 or index + 1 == len(rows):
                self.stdout.write(f"演示数据 {index + 1}/{len(rows)} 件")
                self.stdout.flush()
        lines.plug_in(now=now)
        register.fill(now=now)
        telephone.ring_up(now=now)
        object_to_rulings(roads)
        settle_outside(roads)
        show_neighbours(roads)
        bring_together(roads)
        read_samples(roads)
        sweep_clocks(at=now, batch=5000)
        count_routing(at=now)
        self.stdout.write(f"演示数据已装好：{User.objects.count()} 个账号，{Ticket.objects.count()} 张工单。")


def read_rows() -> list[dict[str, str]]:
    with APPEALS.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source, delimiter="|"))


@transaction.atomic
def make_people(people: People) -> None:
    """The accounts that the ready line names, and those of every county centre."""
    units = {unit.code: unit for unit in Unit.objects.all()}
    for username, role, code, employment in ACCOUNTS:
        people.account(username, role, units[code], employment)
    counties = Unit.objects.filter(kind=Unit.Kind.COUNTY_CENTRE)
    shown = Unit.objects.filter(region__name="章江街道") | Unit.objects.filter(
        region__name="章贡区", function="urban_management"
    )
    for unit in [
        *counties.select_related("region").order_by("code"),
        *shown.select_related("region").order_by("code"),
    ]:
        people.of(unit)
