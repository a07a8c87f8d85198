"""Django's settings of a bot that has no Django pages: the sessions, their characters, and nothing else."""

from pathlib import Path

from environ import Env

env = Env()
VAR = Path(env("VAR", default=str(Path(__file__).parent / "var")))
SECRET_KEY = env("SECRET_KEY")
DATABASES = {"default": env.db_url("DATABASE_URL")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
MEDIA_ROOT = VAR / "uploads"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",  # whose table a migration of sessions_app looks at
    "greenroom",  # gives all settings that are not here
    "characters",
    "sessions_app",
]
GREENROOM = {"DATA_DIR": VAR, "SESSION_KEYS": env("SESSION_KEYS")}
LOGGING_CONFIG = "greenroom.discretion.configure_logging"  # no words in logs, Pipecat's neither
LOGGING = {"level": "INFO"}
