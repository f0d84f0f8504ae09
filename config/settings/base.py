"""What is the same everywhere. Deployment facts come from the environment; rules of the hotline are rows (`Parameter`)."""

from pathlib import Path

from csp.constants import NONE, SELF
from environs import Env

from config.database_url import database_from_url
from config.schedule import CELERY_BEAT_SCHEDULE  # noqa: F401 -- Celery reads it from here

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent.parent
# Everything that the running system writes on disk: uploads, collected assets and, if embedded, the servers' data.
STATE_DIR = Path(env.str("HOTLINE_STATE", "") or BASE_DIR / "var").resolve()

# --- Secrets and servers. The launcher (hotline.embedded) supplies these when it runs the servers itself.
SECRET_KEY = env.str("DJANGO_SECRET_KEY")
DATABASES = {"default": database_from_url(env.str("DATABASE_URL"))}
REDIS_URL = env.str("REDIS_URL")
REDIS_SERVER = REDIS_URL.rsplit("/", 1)[0]

# --- Ours. Each is read by the module named beside it; tests/architecture/test_settings.py fails for one that nobody reads.
# Keys of encrypted contact fields, `id=32 hex digits`, the last one writes: hotline.crypto.
HOTLINE_FIELD_KEYS: dict[str, str] = env.dict("HOTLINE_FIELD_KEYS")
# Key of the blind indexes over them, 64 hex digits: hotline.crypto.
HOTLINE_INDEX_KEY = env.str("HOTLINE_INDEX_KEY")
# How many reverse proxies of our own stand in front; that many forwarded addresses are believed: hotline.client_address.
HOTLINE_PROXIES = env.int("HOTLINE_PROXIES", 0)
# Where citizens reach the public pages: it is printed into codes. Empty: the address that staff use.
HOTLINE_PUBLIC_URL = env.str("HOTLINE_PUBLIC_URL", "").rstrip("/")
# Where messages to citizens go, and what signs them; without an address they wait: channels_merge.services.outbox.
HOTLINE_SMS_URL = env.str("HOTLINE_SMS_URL", "")
HOTLINE_SMS_SECRET = env.str("HOTLINE_SMS_SECRET", "")
# What the call platform signs its events with; without it none is believed: channels_merge.api.telephone.
HOTLINE_TELEPHONE_SECRET = env.str("HOTLINE_TELEPHONE_SECRET", "")
# Where the push process listens, on the host of the page; 0: at /push/ of the same address, which a proxy hands on: the desk.
HOTLINE_PUSH_PORT = env.int("HOTLINE_PUSH_PORT", 0)

# --- Django
DEBUG = False
ALLOWED_HOSTS = env.list("HOTLINE_ALLOWED_HOSTS", ["127.0.0.1", "localhost"])
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.forms",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config",
    "hotline",
    "responsibility",
    "tickets",
    "channels_merge",
    "evaluation",
    "supervision",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hotline.middleware.LoginMiddleware",
    "hotline.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "hotline.context.shell",
            ],
        },
    },
]
# Widgets of ours lie in templates/ like every other template.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- People and log-in
AUTH_USER_MODEL = "hotline.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "hotline:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "hotline:login"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    # Length, classes and history are parameters: hotline.services.people.
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# A guesser is stopped per account and address: one bad address cannot lock a colleague out everywhere.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
# Both are parameters (lock_failures, lock_minutes).
AXES_FAILURE_LIMIT = "hotline.views.accounts.failure_limit"
AXES_COOLOFF_TIME = "hotline.views.accounts.cooling_off"
AXES_LOCKOUT_CALLABLE = "hotline.views.accounts.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_HTTP_RESPONSE_CODE = 429
AXES_CLIENT_IP_CALLABLE = "hotline.client_address.client_address"
AXES_VERBOSE = False
# Tries to log in are in the security log; its own pages would show addresses of people in English.
AXES_ENABLE_ADMIN = False

# --- Browser safety
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        # `data:` carries the small arrows and ticks that Tabler's style sheet draws inside form controls.
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    },
}

# --- Static files and uploads
STATIC_URL = "/static/"
STATIC_ROOT = STATE_DIR / "static"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "hotline.assets.NodeAssetsFinder",
]
STORAGES = {
    # Never under a URL: a page that knows who may see a file hands it out.
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = STATE_DIR / "files"
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# --- Cache and tasks
CACHES = {
    "default": {
        "BACKEND": "hotline.remembering.SharedCache",
        "LOCATION": f"{REDIS_SERVER}/1",
        # A question waits for the answer at most so long; a page asks a few.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    },
}
CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = f"{REDIS_SERVER}/2"
CELERY_RESULT_EXPIRES = 3600
CELERY_TIMEZONE = TIME_ZONE
# A task whose worker is killed is done again: tasks are idempotent, lost ones would be silent.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600
# Must stay above the time limit, or a slow task would be handed out twice.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

# --- API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "民意速办接口",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
