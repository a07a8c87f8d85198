"""Every setting and every environment variable of Greenroom, read once, typed, with a default."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from config import development, embedded, redis
from config.admin_theme import UNFOLD
from config.policy import PAGES

# Nothing is fetched from a model hub while the server runs: whatever tries fails at once instead.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
# NumPy's products are small; a second thread for them would spin while it waits, on a core that models need.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / ".data"))).resolve()

# --- What kind of place this is ---------------------------------------------------------------

PRODUCTION = env.bool("PRODUCTION", default=False)  # refuses to start without keys of one's own
DEBUG = env.bool("DEBUG", default=False)
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
LOG_FORMAT = env.str("LOG_FORMAT", default="line")  # or json, for machines that collect logs
PORT = env.int("PORT", default=8000)


def _secret(name: str, make: Callable[[], str]) -> str:
    """A secret from the environment; in development one that this machine made for itself."""
    value: str = env.str(name, default="")
    if value:
        return value
    if PRODUCTION:
        raise ImproperlyConfigured(
            f"{name} is not set. PRODUCTION needs one; `make secrets` prints new ones."
        )
    return development.remembered(DATA_DIR / name.lower(), make)


SECRET_KEY = _secret("SECRET_KEY", development.secret_key)
SESSION_KEYS = _secret("SESSION_KEYS", development.session_keys)  # id:base64key,... the first encrypts

ALLOWED_ORIGINS = env.list("ALLOWED_ORIGINS", default=[])  # other pages that may talk to us; ours always may
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = [
    f"{scheme}://{host}" for host in ALLOWED_HOSTS if host != "*" for scheme in ("https", "http")
]

# --- Sessions (seconds) -----------------------------------------------------------------------

SESSION_TTL = env.int("SESSION_TTL", default=24 * 3600)  # a session lives this long after it was last used
SESSION_IDLE_TIMEOUT = env.int("SESSION_IDLE_TIMEOUT", default=300)  # silence that ends a connection
SESSION_MAX_DURATION = env.int("SESSION_MAX_DURATION", default=7 * 24 * 3600)  # whatever happens
SESSION_RETENTION = env.int("SESSION_RETENTION", default=30 * 24 * 3600)  # after its end nothing is left
ALLOW_ANONYMOUS = env.bool("ALLOW_ANONYMOUS", default=True)
# memory, cache, db, cached_db, or the dotted path of a store. Without Redis each process would have a
# cache of its own, which commands in another process could not clear: so db is the default there.
SESSION_STORE = env.str("SESSION_STORE", default="cached_db" if env.str("REDIS_URL", default="") else "db")
MAX_SESSIONS_PER_WORKER = env.int("MAX_SESSIONS_PER_WORKER", default=64)
STARTS_PER_ADDRESS = env.int("STARTS_PER_ADDRESS", default=120)  # a minute
STARTS_PER_VISITOR = env.int("STARTS_PER_VISITOR", default=20)  # a minute
CONNECTIONS_PER_ADDRESS = env.int("CONNECTIONS_PER_ADDRESS", default=100)  # open at once
MESSAGES_PER_SEC = env.int("MESSAGES_PER_SEC", default=200)  # of one connection, on average; audio has 31
AUDIO_BYTES_PER_SEC = env.int("AUDIO_BYTES_PER_SEC", default=400_000)  # twice 48 kHz stereo
BYTES_BEFORE_AUTHENTICATION = env.int("BYTES_BEFORE_AUTHENTICATION", default=2**20)  # 10 s of 48 kHz
AUTHENTICATE_SECS = env.float("AUTHENTICATE_SECS", default=10)  # for a connection to be let in
MAX_MINUTES_PER_DAY = env.int("MAX_MINUTES_PER_DAY", default=0)  # of a visitor; 0 for as many as they like
CLIENT_ADDRESS_HEADER = env.str("CLIENT_ADDRESS_HEADER", default="")  # that our own proxy sets
DRAIN_SECS = env.float("DRAIN_SECS", default=10)  # for replies in flight when the server is to stop
MAX_LOAD = env.float("MAX_LOAD", default=0.85)  # share of the loop or the cores: beyond it nobody new comes
MAX_SESSIONS_PER_VISITOR = env.int("MAX_SESSIONS_PER_VISITOR", default=3)  # live at once

# --- Providers of speech and language -----------------------------------------------------------

DEFAULT_PROVIDER = env.str("DEFAULT_PROVIDER", default="local")
# One stage can differ from the rest. Besides `local`, `openai` and `scripted` a provider may be the
# dotted path of any Pipecat service class, its arguments as JSON in the options.
STAGE_PROVIDERS = {
    "stt": env.str("STT_PROVIDER", default=""),
    "llm": env.str("LLM_PROVIDER", default=""),
    "tts": env.str("TTS_PROVIDER", default=""),
}
# Who takes over when the first one fails; '' for nobody.
STAGE_FALLBACKS = {
    "stt": env.str("STT_FALLBACK", default=""),
    "llm": env.str("LLM_FALLBACK", default=""),
    "tts": env.str("TTS_FALLBACK", default=""),
}
PROVIDER_TIMEOUT_SECS = env.float("PROVIDER_TIMEOUT_SECS", default=10)  # of one remote call
PROVIDER_RETRIES = env.int("PROVIDER_RETRIES", default=2)  # with backoff, before it has failed
ANSWER_SECS = env.float("ANSWER_SECS", default=15)  # without a sound, after which a character apologises
LLM_CONTEXT_TOKENS = env.int("LLM_CONTEXT_TOKENS", default=8192)  # read at once by models that do not say
STAGE_OPTIONS = {
    "stt": env.json("STT_OPTIONS", default={}),
    "llm": env.json("LLM_OPTIONS", default={}),
    "tts": env.json("TTS_OPTIONS", default={}),
}


def _openai(stage: str, model: str) -> dict[str, str]:
    """Where the OpenAI API of one stage is, which key it takes and which model it runs."""
    base_url = env.str("OPENAI_BASE_URL", default="")
    api_key = env.str("OPENAI_API_KEY", default="")
    return {
        "base_url": env.str(f"OPENAI_{stage}_BASE_URL", default=base_url),
        "api_key": env.str(f"OPENAI_{stage}_API_KEY", default=api_key),
        "model": env.str(f"OPENAI_{stage}_MODEL", default=model),
    }


OPENAI = {
    "stt": _openai("STT", "gpt-4o-mini-transcribe"),
    "llm": _openai("LLM", "gpt-4.1-mini"),
    "tts": _openai("TTS", "gpt-4o-mini-tts")
    | {
        "voice": env.str("OPENAI_TTS_VOICE", default="alloy"),
        # What the endpoint speaks: OpenAI 24000, a Piper behind speaches 22050.
        "sample_rate": env.str("OPENAI_TTS_SAMPLE_RATE", default="24000"),
    },
}

__all__ = ["UNFOLD"]  # read by django-unfold

# --- Django -------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",  # before the admin, whose templates it replaces
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "axes",
    "channels",
    "characters",
    "sessions_app",
    "voicebot",
]
MIDDLEWARE = [
    "config.requests.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "config.policy.Policy",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",  # last
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
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
                "voicebot.interface.languages",
            ],
        },
    },
]

DATABASE_URL = env.str("DATABASE_URL", default="")
_database = env.db_url("DATABASE_URL") if DATABASE_URL else embedded.database(DATA_DIR / "postgres")
DATABASES = {
    "default": {
        **_database,
        "CONN_MAX_AGE": 0,  # the pool keeps connections, not the threads
        "CONN_HEALTH_CHECKS": True,  # one that a restart has broken is replaced, not handed out
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": 12, "timeout": 10},
            "options": "-c statement_timeout=15s",
            "connect_timeout": 5,
            **_database.get("OPTIONS", {}),  # what the address asks for, such as sslmode=require
        },
    }
}
if not DATABASES["default"]["ENGINE"].endswith("postgresql"):
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL server (postgresql://...).")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
REDIS_SENTINELS = env.str("REDIS_SENTINELS", default="")  # host:port,...; REDIS_URL then names the service
REDIS_CLUSTER = env.bool("REDIS_CLUSTER", default=False)  # REDIS_URL then names some of its nodes
REDIS_OPTIONS = env.str("REDIS_OPTIONS", default="")  # of each connection, as JSON: certificates and such
CHANNEL_REDIS_URL = env.str("CHANNEL_REDIS_URL", default=REDIS_URL)  # where the channel layer has its own
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
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: it turns away whoever has guessed too often
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURES", default=5)  # then this name from this address waits
AXES_COOLOFF_TIME = timedelta(minutes=env.int("LOGIN_COOLOFF_MINUTES", default=15))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "voicebot.limits.address_of_request"
AXES_RESET_ON_SUCCESS = True
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
CONTENT_SECURITY_POLICY = {"DIRECTIVES": PAGES}
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = "/media/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
SERVESTATIC_USE_FINDERS = True  # no collectstatic step before the first page
SERVESTATIC_USE_MANIFEST = False
SERVESTATIC_USE_STATIC_ROOT = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # the form of a character with a thousand entries of lore

# A session's words must not reach an error page or an error mail, not even as a local variable.
DEFAULT_EXCEPTION_REPORTER = "config.discretion.DiscreetReporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "config.discretion.DiscreetReporterFilter"
LOGGING_CONFIG = "config.discretion.configure_logging"
LOGGING = {"level": LOG_LEVEL, "format": LOG_FORMAT}

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)  # False where a proxy does it
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
