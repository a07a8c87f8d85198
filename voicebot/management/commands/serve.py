"""`make run` after the installation: database, demo characters, an admin account, and the server."""

import secrets
import signal
import socket
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from characters.management.commands.seed_demo import seed
from characters.models import Character
from voicebot.server import make_server


class Command(BaseCommand):
    help = "Prepares the database and serves on http://127.0.0.1:PORT."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
        parser.add_argument("--port", type=int, default=settings.PORT, help="the port (default: PORT)")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        self._check_port(host, port)
        self._say("Preparing the database")
        call_command("migrate", verbosity=0, interactive=False)
        self._cast()
        self._admin()
        # uvicorn raises the signal again when it is done; an exit in order lets the embedded PostgreSQL stop.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        self._say(f"Serving on http://{host}:{port} (press Ctrl+C to stop)")
        server = make_server(host, port)
        server.run()
        if not server.started:
            raise CommandError("The server did not start; the lines above say why.")

    def _say(self, line: str) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(line))
        self.stdout.flush()

    def _check_port(self, host: str, port: int) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CommandError(
                    f"Port {port} is taken ({error.strerror}). Stop what uses it, or run with PORT=8001."
                ) from error

    def _cast(self) -> None:
        """The demo characters, on an empty stage only: who deleted them does not want them back."""
        if not Character.objects.exists():
            self._say("Calling the demo characters")
            for name in seed():
                self.stdout.write(f"  {name}")

    def _admin(self) -> None:
        users = get_user_model().objects
        if settings.PRODUCTION or users.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(9)
        users.create_superuser("admin", "", password)
        self._say("The admin account, shown this once")
        self.stdout.write(f"  http://127.0.0.1:{settings.PORT}/admin/  user: admin  password: {password}")
