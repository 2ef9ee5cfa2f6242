"""Settings. Every value comes from the environment; .env.example lists all of them."""

from datetime import timedelta
from urllib.parse import urlsplit

from config import admin_site, beat, logs, queues
from config.env import BASE_DIR, VAR_DIR, factors, load
from core import crash

env = load()

# --- Core -----------------------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")
#: Keeps two installations that trade on one account apart: it is part of every client order id.
SIGNALBOX_INSTALLATION = env.str("SIGNALBOX_INSTALLATION", default="signalbox")

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en"
USE_I18N = False
FORMAT_MODULE_PATH = "config.formats"

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "csp",
    "accounts",
    "events",
    "connections",
    "marketdata",
    "signals",
    "positions",
    "execution",
    "analytics",
    "console",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "csp.middleware.CSPMiddleware",
    "accounts.middleware.partial_redirect_middleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.time_zone_middleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
                "console.views.bell.unread",
            ],
        },
    },
]

# --- Database, cache, broker ------------------------------------------------------------------------------------

#: Without a URL nothing is guessed: the first query says that no database is configured.
DATABASE_URL = env.str("DATABASE_URL", default="postgresql:///signalbox?host=/no-database-configured")
DATABASES = {
    "default": {
        **env.db_url_config(DATABASE_URL),
        # Sessions of web requests come and go; workers and commands keep theirs (see config/celery.py).
        "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }
}
CACHE_URL = env.str("CACHE_URL", default="")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "sb",
    }
    if CACHE_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

BROKER_URL = env.str("BROKER_URL", default="memory://")
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = queues.DEFAULT
CELERY_TASK_ROUTES = queues.ROUTES
CELERY_TASK_SERIALIZER = "json"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = (
    # Leases in the rows decide who works, so an early redelivery does no harm; a late one costs time.
    {"visibility_timeout": 300, "max_connections": 300, "socket_timeout": 10, "socket_keepalive": True}
    if urlsplit(BROKER_URL).scheme in ("redis", "rediss", "redis+socket")
    else {}
)
CELERY_BEAT_SCHEDULER = "config.scheduler:KeepingScheduler"
CELERY_BEAT_SCHEDULE = beat.SCHEDULE
CELERY_TIMEZONE = "UTC"

# --- People -----------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.allauth.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# By code, not by link: a link would bar people with a second factor from ever changing their address.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Signalbox] "
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(SITE_URL).scheme
MFA_ADAPTER = "accounts.allauth.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Signalbox"
# Browsers allow passkeys over plain http on localhost only, which is where a first try happens.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = urlsplit(SITE_URL).scheme == "http"

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Signalbox <signalbox@localhost>")

# --- Keys -------------------------------------------------------------------------------------------------------

#: "id:base64key,id:base64key"; the first seals, all open. Separate from SECRET_KEY on purpose.
SIGNALBOX_CREDENTIAL_KEYS = env.str("SIGNALBOX_CREDENTIAL_KEYS", default="")
#: Whether a connection may name an address other than its exchange's own.
SIGNALBOX_ALLOW_BASE_URL = env.bool("SIGNALBOX_ALLOW_BASE_URL", default=False)
#: By exchange, how many times the request budget of its ordinary customers was agreed with it.
REQUEST_BUDGETS = factors("REQUEST_BUDGETS", env.list("REQUEST_BUDGETS", default=[]))
#: The simulated exchange that demo data are made for; empty where there is none.
VENUE_URL = env.str("VENUE_URL", default="")

#: Where this process is to die, for drills (core/crash.py); empty for nowhere.
crash.arm(env.str("SIGNALBOX_CRASH_AT", default=""))

#: Asked before sizing; empty asks nobody (execution/decision.py).
SIGNALBOX_DECISION_URL = env.str("SIGNALBOX_DECISION_URL", default="")

# --- Security ---------------------------------------------------------------------------------------------------

_IS_HTTPS = urlsplit(SITE_URL).scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _IS_HTTPS
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if _IS_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _IS_HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

_SELF = "'self'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [_SELF],
        "script-src": [_SELF],
        "style-src": [_SELF, "'unsafe-inline'"],
        "img-src": [_SELF, "data:"],
        "connect-src": [_SELF],
        "frame-ancestors": ["'none'"],
        "form-action": [_SELF],
        "base-uri": [_SELF],
        "object-src": ["'none'"],
    }
}

# --- Static files -----------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

# --- API --------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.rest.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "accounts.rest.permissions.HasScope",
    ],
    "DEFAULT_PAGINATION_CLASS": "accounts.rest.pagination.CursorPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "accounts.rest.schema.ApiSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.rest.parsers.ExactJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": env.str("API_RATE", default="1200/min")},
    "EXCEPTION_HANDLER": "accounts.rest.problems.problem_handler",
    "COERCE_DECIMAL_TO_STRING": True,
    "DATETIME_FORMAT": "iso-8601",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Signalbox API",
    "DESCRIPTION": "Publish a trading signal once; it is executed on every subscribed account.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # What is sent and what is answered are classes of their own, so no type is split in two.
    "COMPONENT_SPLIT_REQUEST": False,
    # The validator of another host would be told what we have.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False, "validatorUrl": None},
}
#: Opens /metrics to other machines than this one; empty opens it to nobody else.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# --- Logs -------------------------------------------------------------------------------------------------------

LOGGING = logs.configuration(env.str("LOG_LEVEL", default="INFO"), as_json=env.bool("LOG_JSON", default=False))

UNFOLD = admin_site.UNFOLD
