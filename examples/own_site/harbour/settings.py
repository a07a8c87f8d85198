"""A project that has a user model, URLs, a theme and a login of its own, and takes Greenroom in.

What Greenroom needs is marked with (G); docs/embedding-in-django.md says why.
"""

from pathlib import Path

from environ import Env

from greenroom.admin_theme import UNFOLD
from greenroom.http.content_security_policy import PAGE_POLICY

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()

DEBUG = env.bool("DEBUG", False)
TLS = env.bool("TLS", not DEBUG)
SECRET_KEY = env("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
VAR = env.path("VAR", BASE_DIR / "var")()

GREENROOM = {  # (G) by the names of docs/reference.md; all but these have defaults
    "DATA_DIR": Path(VAR) / "greenroom",
    "SESSION_KEYS": env("SESSION_KEYS"),
    "DEFAULT_PROVIDER": env("DEFAULT_PROVIDER", default="local"),
    "PRODUCTION": TLS,
}
UNFOLD = {**UNFOLD, "SITE_TITLE": "Harbour", "SITE_HEADER": "Harbour"}  # (G) the desk's look and menu

AUTH_USER_MODEL = "members.Member"
AUTHENTICATION_BACKENDS = ["staff.backends.LimitedModelBackend"]  # (G) Django's, with limits to guessing
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"

INSTALLED_APPS = [
    "greenroom",  # (G) before the theme, and the theme before the admin
    "unfold.apps.BasicAppConfig",  # (G)
    "staff.apps.StaffAdminConfig",  # (G) in place of django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "members",
    "csp",  # (G)
    "channels",  # (G)
    "characters",  # (G)
    "sessions_app",  # (G)
    "voicebot",  # (G)
    "django_otp",  # (G)
    "django_otp.plugins.otp_static",  # (G)
    "staff",  # (G)
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "greenroom.http.content_security_policy.Policy",  # (G) the policy below, and another for the desk
    "greenroom.http.outage.WhileAway",  # (G) answers while PostgreSQL is away
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "staff.middleware.StaffLogins",  # (G) how long a login of staff lasts, and their second factor
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "harbour.urls"
ASGI_APPLICATION = "harbour.asgi.application"
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
                "voicebot.http.i18n_catalog.languages",  # (G)
            ],
        },
    },
]
DATABASES = {"default": env.db_url("DATABASE_URL")}  # (G) a PostgreSQL
# (G) past one process: channels_redis
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/assets/"
STATIC_ROOT = Path(VAR) / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_URL = "/uploads/"
MEDIA_ROOT = Path(VAR) / "uploads"

CONTENT_SECURITY_POLICY = {"DIRECTIVES": PAGE_POLICY}  # (G) or one of yours with at least this
DEFAULT_EXCEPTION_REPORTER = "greenroom.discretion.DiscreetReporter"  # (G) no words in error pages and mails
DEFAULT_EXCEPTION_REPORTER_FILTER = "greenroom.discretion.DiscreetReporterFilter"  # (G)
LOGGING_CONFIG = "greenroom.discretion.configure_logging"  # (G) no words in logs
LOGGING = {"level": "INFO"}

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = TLS
SECURE_HSTS_SECONDS = 31_536_000 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = TLS
