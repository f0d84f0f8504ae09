from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from hotline import services


class Command(BaseCommand):
    help = "The first administrator of an installation; prints a password that must be changed at the first log-in."

    def add_arguments(self, parser):
        parser.add_argument("username", help="工号")
        parser.add_argument("name", help="姓名")

    def handle(self, *args, username, name, **options):
        try:
            password = services.appoint_administrator(username=username, name=name, at=timezone.now())
        except services.PersonRefused as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(f"管理员 {name}（{username}）的初始密码：{password}。只显示这一次，首次登录须修改。")
