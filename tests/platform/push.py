"""The push process on the database and the Valkey of a test, as `python3 run.py` starts it."""

import os
import subprocess
import sys
from pathlib import Path

from django.db import connection

from hotline.embedded.isolation import free_port

ROOT = Path(__file__).resolve().parents[2]


class Push:
    def __init__(self):
        self.port = free_port(None)
        about = connection.settings_dict
        database = f"postgres://{about['USER']}:{about['PASSWORD']}@{about['HOST']}:{about['PORT']}/{about['NAME']}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "config.push:application", "--bind", f"127.0.0.1:{self.port}",
             "--worker-class", "asgi", "--workers", "1", "--graceful-timeout", "1", "--no-control-socket"],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": database},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )  # fmt: skip

    def stop(self):
        self.process.terminate()
        return self.process.wait(30)
