"""Everything that has to be done to a database and to the static files before this release may run. Safe to repeat."""

import hashlib
import io
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand

REFERENCE = ("sync_roles", "load_reference", "load_duty_list", "sync_channels", "sync_grid_standard")


class Command(BaseCommand):
    help = "升级数据库结构，更新角色与基础数据，收集静态文件。可重复执行。"

    def handle(self, *args, verbosity, **options):
        call_command("migrate", interactive=False, verbosity=0)
        for command in REFERENCE:
            # What each of them reports is of interest when something new comes in, not at every start.
            call_command(command, stdout=self.stdout if verbosity > 1 else io.StringIO())
        self._collect_static_files()
        self._note_whether_anybody_works_here()

    def _collect_static_files(self):
        """Hash and compress them, unless they are the same files as last time: it takes some seconds."""
        stamp = settings.STATIC_ROOT / ".collected"
        wanted = _digest_of_static_files()
        if stamp.exists() and stamp.read_text() == wanted:
            return
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(wanted)

    def _note_whether_anybody_works_here(self):
        """For the supervisor, which offers demonstration data only to an empty system."""
        note = settings.STATE_DIR / "run" / "database-is-empty"
        if get_user_model().objects.exists():
            note.unlink(missing_ok=True)
        else:
            note.parent.mkdir(parents=True, exist_ok=True)
            note.touch()


def _digest_of_static_files():
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(None):
            source = Path(storage.path(path))
            digest.update(f"{source} {source.stat().st_mtime_ns} {source.stat().st_size}\n".encode())
    return digest.hexdigest()
