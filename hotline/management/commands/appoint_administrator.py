from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from hotline import services
from hotline.roles import ADMINISTRATORS, role_name


class Command(BaseCommand):
    help = "The first administrators of an installation, one of each kind; prints a password that must be changed at the first log-in."

    def add_arguments(self, parser):
        parser.add_argument("username", help="工号")
        parser.add_argument("name", help="姓名")
        parser.add_argument(
            "--role", choices=ADMINISTRATORS, default="administrator", help="系统、安全、审计管理员，各要一人"
        )

    def handle(self, *args, username, name, role, **options):
        try:
            password = services.appoint_administrator(role=role, username=username, name=name, at=timezone.now())
        except services.PersonRefused as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(
            f"{role_name(role)} {name}（{username}）的初始密码：{password}。只显示这一次，首次登录须修改。"
        )
