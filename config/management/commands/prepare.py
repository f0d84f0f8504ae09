"""Everything that has to be done to a database and to the static files before this release may run. Safe to repeat."""

import io

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand

REFERENCE = ("sync_roles", "load_reference", "load_duty_list", "sync_channels")


class Command(BaseCommand):
    help = "升级数据库结构，更新角色与基础数据，收集静态文件。可重复执行。"

    def handle(self, *args, verbosity, **options):
        call_command("migrate", interactive=False, verbosity=0)
        for command in REFERENCE:
            # What each of them reports is of interest when something new comes in, not at every start.
            call_command(command, stdout=self.stdout if verbosity > 1 else io.StringIO())
        call_command("collectstatic", interactive=False, verbosity=0)
        self._note_whether_anybody_works_here()

    def _note_whether_anybody_works_here(self):
        """For the supervisor, which offers demonstration data only to an empty system."""
        note = settings.STATE_DIR / "run" / "database-is-empty"
        if get_user_model().objects.exists():
            note.unlink(missing_ok=True)
        else:
            note.parent.mkdir(parents=True, exist_ok=True)
            note.touch()
