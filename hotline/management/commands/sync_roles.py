from django.core.management.base import BaseCommand, CommandError

from hotline import services
from hotline.roles import ROLES


class Command(BaseCommand):
    help = "Make the ten roles carry their permissions. Run after migrate; may run any number of times."

    def add_arguments(self, parser):
        parser.add_argument("--strict", action="store_true", help="fail when a permission is defined by no room")

    def handle(self, *args, strict, **options):
        try:
            missing = services.sync_roles(strict=strict)
        except services.PermissionsMissing as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(f"角色：{len(ROLES)} 个已与权限表一致。")
        if missing:
            self.stderr.write(f"尚无模块定义的权限：{'、'.join(missing)}。")
