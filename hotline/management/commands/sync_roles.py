from django.core.management.base import BaseCommand, CommandError

from hotline import services
from hotline.roles import ROLES


class Command(BaseCommand):
    help = "Make the ten roles carry their permissions. Run after migrate; may run any number of times."

    def handle(self, *args, **options):
        try:
            services.sync_roles()
        except services.PermissionsMissing as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(f"角色：{len(ROLES)} 个已与权限表一致。")
