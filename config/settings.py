"""Django's settings. What the environment may say, and what it means, is in `greenroom.environment`."""

import os
from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from environ import Env

from config import media, production, redis
from config.postgresql import embedded
from greenroom import development, environment
from greenroom.admin_theme import UNFOLD
from greenroom.http.content_security_policy import PAGE_POLICY

# Nothing is fetched from a model hub while the server runs: whatever tries fails at once instead.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
# NumPy's products are small; a second thread for them would spin while it waits, on a core that models need.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

env = environment.read()
DATA_DIR = env.DATA_DIR.resolve()

# --- What kind of place this is ---------------------------------------------------------------

PRODUCTION = env.PRODUCTION
DEBUG = env.DEBUG
LOG_LEVEL = env.LOG_LEVEL
LOG_FORMAT = env.LOG_FORMAT
HOST = env.HOST
PORT = env.PORT
TRACES_ENDPOINT = env.OTEL_EXPORTER_OTLP_ENDPOINT


def _secret(name: str, value: str, make: Callable[[], str]) -> str:
    """A secret from the environment; in development one that this machine made for itself."""
    if value:
        return value
    if PRODUCTION:
        raise ImproperlyConfigured(
            f"{name} is not set. PRODUCTION needs one; `make secrets` prints new ones."
        )
    return development.remembered(DATA_DIR / name.lower(), make)


SECRET_KEY = _secret("SECRET_KEY", env.SECRET_KEY, development.secret_key)
SESSION_KEYS = _secret("SESSION_KEYS", env.SESSION_KEYS, development.session_keys)

TRUSTED_PROXIES = env.TRUSTED_PROXIES
ALLOWED_ORIGINS = env.ALLOWED_ORIGINS
ALLOWED_HOSTS = env.ALLOWED_HOSTS
CSRF_TRUSTED_ORIGINS = [
    f"{scheme}://{'*' * host.startswith('.')}{host}"
    for host in ALLOWED_HOSTS
    if host != "*"
    for scheme in (("https",) if PRODUCTION else ("https", "http"))
]

# --- Sessions -----------------------------------------------------------------------

SESSION_TTL = env.SESSION_TTL
SESSION_IDLE_TIMEOUT = env.SESSION_IDLE_TIMEOUT
SESSION_MAX_DURATION = env.SESSION_MAX_DURATION
SESSION_RETENTION = env.SESSION_RETENTION
ALLOW_ANONYMOUS = env.ALLOW_ANONYMOUS
SESSION_STORE = env.SESSION_STORE
MAX_SESSIONS_PER_WORKER = env.MAX_SESSIONS_PER_WORKER
STARTS_PER_ADDRESS = env.STARTS_PER_ADDRESS
STARTS_PER_VISITOR = env.STARTS_PER_VISITOR
CONNECTIONS_PER_ADDRESS = env.CONNECTIONS_PER_ADDRESS
CALLS = env.calls
READS_PER_MINUTE = env.READS_PER_MINUTE
SESSION_MAX_TURNS = env.SESSION_MAX_TURNS
KEEP_SENSITIVE_MEMORIES = env.KEEP_SENSITIVE_MEMORIES
WEBHOOK_SIGNING_KEY = env.WEBHOOK_SIGNING_KEY
EVENTS_RETRY, EVENTS_GIVE_UP = env.EVENTS_RETRY, env.EVENTS_GIVE_UP
EVENTS_RETENTION = env.EVENTS_RETENTION
MCP_STDIO_SERVERS = {name: server.model_dump() for name, server in env.MCP_STDIO_SERVERS.items()}
MCP_ALLOWED_NETWORKS = env.MCP_ALLOWED_NETWORKS
DOCUMENT_MAX_MEGABYTES = env.DOCUMENT_MAX_MEGABYTES
DOCUMENTS_PER_CHARACTER = env.DOCUMENTS_PER_CHARACTER
DOCUMENT_PIECES_PER_CHARACTER = env.DOCUMENT_PIECES_PER_CHARACTER
DOCUMENT_PGVECTOR_PIECES = env.DOCUMENT_PGVECTOR_PIECES
MESSAGES_PER_SEC = env.MESSAGES_PER_SEC
AUDIO_SECS_PER_SEC = env.AUDIO_SECS_PER_SEC
AUDIO_BURST_SECS = env.AUDIO_BURST_SECS
BYTES_BEFORE_AUTHENTICATION = env.BYTES_BEFORE_AUTHENTICATION
AUTHENTICATE_SECS = env.AUTHENTICATE_SECS
READY_SECS = env.READY_SECS
MAX_MINUTES_PER_DAY = env.MAX_MINUTES_PER_DAY
CLIENT_ADDRESS_HEADER = env.CLIENT_ADDRESS_HEADER
DRAIN_SECS = env.DRAIN_SECS
MAX_LOAD = env.MAX_LOAD
MAX_SESSIONS_PER_VISITOR = env.MAX_SESSIONS_PER_VISITOR

# --- Providers of speech and language -----------------------------------------------------------

DEFAULT_PROVIDER = env.DEFAULT_PROVIDER
STAGE_PROVIDERS = env.stage_providers
STAGE_FALLBACKS = env.stage_fallbacks
PROVIDER_PACKAGES = env.PROVIDER_PACKAGES
PRONUNCIATIONS = env.PRONUNCIATIONS
PROVIDER_TIMEOUT_SECS = env.PROVIDER_TIMEOUT_SECS
PROVIDER_RETRIES = env.PROVIDER_RETRIES
MODEL_LOAD_SECS = env.MODEL_LOAD_SECS
ANSWER_SECS = env.ANSWER_SECS
OPENER_SECS = env.OPENER_SECS
ANSWER_AHEAD_PROVIDERS = env.ANSWER_AHEAD_PROVIDERS
LLM_CONTEXT_TOKENS = env.LLM_CONTEXT_TOKENS
STAGE_OPTIONS = env.stage_options
OPENAI = env.openai
OPENAI_REALTIME = env.openai_realtime
GEMINI_LIVE = env.gemini_live

__all__ = ["UNFOLD"]  # read by django-unfold

# --- Django -------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "greenroom",  # before the theme, and the theme before the admin: each replaces templates of the next
    "unfold.apps.BasicAppConfig",
    "staff.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "channels",
    "characters",
    "sessions_app",
    "voicebot",
    "django_otp",
    "django_otp.plugins.otp_static",
    "staff",  # after the apps whose admins it replaces
    *env.EXTRA_APPS,
]
MIDDLEWARE = [
    "greenroom.http.request_id.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "greenroom.http.content_security_policy.Policy",
    "greenroom.http.outage.WhileAway",
    "greenroom.http.static_files.StaticFiles",
    "greenroom.http.page_compression.PageCompression",
    "greenroom.http.body_limit.LoginSessions",
    "greenroom.http.middleware.Locale",
    "greenroom.http.middleware.Common",
    "django.middleware.csrf.CsrfViewMiddleware",
    "greenroom.http.middleware.Accounts",
    "staff.middleware.StaffLogins",
    "greenroom.http.middleware.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [environment.BASE_DIR / "templates"],  # in the wheel they are the templates of `greenroom`
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "voicebot.http.i18n_catalog.languages",
            ],
        },
    },
]

DATABASE_URL = env.DATABASE_URL
_database = Env.db_url_config(DATABASE_URL) if DATABASE_URL else embedded.database(DATA_DIR / "postgres")
if not _database["ENGINE"].endswith("postgresql"):
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL server (postgresql://...).")
DATABASES = {
    "default": {
        **_database,
        "ENGINE": "config.postgresql",
        # A cursor on the server lives in its connection, and behind PgBouncer the next FETCH goes to another.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "CONN_MAX_AGE": 0,  # the pool keeps connections, not the threads
        "CONN_HEALTH_CHECKS": True,  # one that a restart has broken is replaced, not handed out
        "OPTIONS": {
            # A pool whose attempts to connect are given up soon begins anew with the next request: with its
            # own patience it would come back minutes after a database that was away for minutes.
            "pool": {"min_size": 1, "max_size": 16, "timeout": 5, "reconnect_timeout": 2},
            "statement_timeout_ms": 10_000,
            "connect_timeout": 5,
            # A peer that went without a word is noticed by the system, not waited for.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 15_000,
            **_database.get("OPTIONS", {}),  # what the address asks for, such as sslmode=require
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.REDIS_URL
REDIS_SENTINELS = env.REDIS_SENTINELS
REDIS_CLUSTER = env.REDIS_CLUSTER
REDIS_OPTIONS = env.REDIS_OPTIONS
CHANNEL_REDIS_URL = env.CHANNEL_REDIS_URL
if REDIS_URL:
    CACHES = redis.caches(REDIS_URL, REDIS_SENTINELS, REDIS_OPTIONS, cluster=REDIS_CLUSTER)
    CHANNEL_LAYERS = redis.channel_layers(CHANNEL_REDIS_URL, REDIS_SENTINELS, REDIS_OPTIONS)
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 100_000},  # beyond it entries go at random, counts of limits too
        }
    }
    CHANNEL_LAYERS = {"default": {"BACKEND": "config.redis.channel_layer.LocalChannelLayer"}}

LOGIN_REDIRECT_URL = "admin:index"  # of a login that came from nowhere in particular
AUTHENTICATION_BACKENDS = ["staff.backends.LimitedModelBackend"]
STAFF_LOGIN_SECS = env.STAFF_LOGIN_SECS
STAFF_IDLE_SECS = env.STAFF_IDLE_SECS
CONFIRM_SECS = env.CONFIRM_SECS
SECOND_FACTOR_REQUIRED = env.SECOND_FACTOR_REQUIRED
PASSKEY_DOMAIN = env.PASSKEY_DOMAIN
OTP_TOTP_ISSUER = "Greenroom"  # what authenticators and passkeys call us
LOGIN_COOLOFF_MINUTES = env.LOGIN_COOLOFF_MINUTES
LOGIN_FAILURES = env.LOGIN_FAILURES
LOGIN_FAILURES_PER_ADDRESS = env.LOGIN_FAILURES_PER_ADDRESS
LOGIN_FAILURES_PER_NAME = env.LOGIN_FAILURES_PER_NAME
LOGIN_FAILURES_IN_ALL = env.LOGIN_FAILURES_IN_ALL
LOGIN_DELAY_SECS = env.LOGIN_DELAY_SECS
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
CONTENT_SECURITY_POLICY = {"DIRECTIVES": PAGE_POLICY}
TIME_ZONE = env.TIME_ZONE
FORMAT_MODULE_PATH = "config.formats"  # of dates and times; Django's own where a language has none there
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = env.STATIC_ROOT.resolve() / "files"
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "/media/"
S3_BUCKET = env.S3_BUCKET
S3_ENDPOINT_URL = env.S3_ENDPOINT_URL
S3_REGION = env.S3_REGION
S3_PREFIX = env.S3_PREFIX
STORAGES = media.storages(S3_BUCKET, S3_ENDPOINT_URL, S3_REGION, S3_PREFIX)
# Characters know neither the page that talks with them nor its fonts.
ABSOLUTE_URL_OVERRIDES = {"characters.character": lambda character: reverse("talk", args=[character.slug])}
SHARE_IMAGE_SERIF, SHARE_IMAGE_SANS = "voicebot/fonts/fraunces.woff2", "voicebot/fonts/inter.woff2"
SERVESTATIC_USE_FINDERS = DEBUG  # then a file is served as it is at that moment
SERVESTATIC_USE_MANIFEST = False
SERVESTATIC_USE_STATIC_ROOT = not DEBUG  # also what earlier versions left there for pages that are open
SERVESTATIC_IMMUTABLE_FILE_TEST = r"\.[0-9a-f]{12}\.\w+$"
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = None  # cards of one drop: the size of a request is limited as a whole
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # the form of a character with a thousand entries of lore

# A session's words must not reach an error page or an error mail, not even as a local variable.
DEFAULT_EXCEPTION_REPORTER = "greenroom.discretion.DiscreetReporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "greenroom.discretion.DiscreetReporterFilter"
LOGGING_CONFIG = "greenroom.discretion.configure_logging"
LOGGING = {"level": LOG_LEVEL, "format": LOG_FORMAT}

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "greenroom.http.hashed_sessions"  # a dump of the database is no login
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "voicebot.http.error_pages.csrf_failure"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
REQUIRE_TLS = PRODUCTION  # of the API and of sockets, which no redirect can protect
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.SECURE_SSL_REDIRECT
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    # What /api/ gets without TLS it refuses: a redirect would come after the token or key was sent.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$", r"^api/"]
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"  # no other host of the domain can set these
    CSRF_COOKIE_SECURE = True
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    LANGUAGE_COOKIE_SECURE = True
    production.check(
        debug=DEBUG,
        secret_key=SECRET_KEY,
        allowed_hosts=ALLOWED_HOSTS,
        redis_url=REDIS_URL,
        redis_options=REDIS_OPTIONS,
    )
