"""The test run: throw-away servers and files (hotline.testing), fast password hashing, tasks done at once."""

import os

# No secret here guards anything: the servers and their data end with the run.
os.environ.setdefault("DJANGO_SECRET_KEY", "for-tests-only")
os.environ.setdefault("HOTLINE_FIELD_KEYS", "t1=000102030405060708090a0b0c0d0e0f")
os.environ.setdefault("HOTLINE_INDEX_KEY", "ff" * 32)

from config.settings.base import *  # noqa: F403
from config.settings.base import DATABASES, STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
# Pages are rendered without collecting assets first.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"level": "WARNING"}}
# The live server's threads wait for the browser's next request; none of them may still hold the database when it is dropped.
DATABASES["default"]["CONN_MAX_AGE"] = 0
