"""`make run` after the installation: database, demo characters, an admin account, and the server."""

import asyncio
import ipaddress
import secrets
import signal
import socket
import sys
import time
from argparse import ArgumentParser
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from characters.demo import seed
from characters.models import Character
from sessions_app.database import cause_of, database_address, migration_lock
from voicebot.ops import serving
from voicebot.providers import found, registry


def _is_this_machine(host: str) -> bool:
    """Whether an address to listen on is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Command(BaseCommand):
    help = "Prepares the database and serves on http://127.0.0.1:PORT."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST, help="the address to listen on (default: HOST)")
        parser.add_argument("--port", type=int, default=settings.PORT, help="the port (default: PORT)")
        parser.add_argument("--certificate", default="", help="a PEM file: serve over HTTPS (see `make lan`)")
        parser.add_argument("--key", default="", help="the certificate's key, a PEM file")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        certificate, key = options["certificate"], options["key"]
        self._scheme, self._port = "https" if certificate else "http", port
        self._check_port(host, port)
        self._prepare()
        # uvicorn raises the signal again when it is done; an exit in order lets the embedded PostgreSQL stop.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        self._models()
        self._say(f"Serving on {self._scheme}://{host}:{port} (press Ctrl+C to stop)")
        if not (certificate or settings.PRODUCTION or _is_this_machine(host)):
            self.stdout.write(
                "  Browsers on other machines have no microphone here, which wants HTTPS: run `make lan`\n"
                "  for those in this network, or put a proxy with a certificate before it."
            )
        server = serving.make_server(host, port, certificate, key)
        server.run()
        if not server.started:
            raise CommandError("The server did not start; the lines above say why.")

    def _say(self, line: str) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(line))
        self.stdout.flush()

    def _prepare(self) -> None:
        """Static files; tables, demo characters, an account: by one process at a time."""
        began = time.monotonic()
        if count := staticfiles_storage.made:  # type: ignore[attr-defined]
            self._say(
                f"Compressed {count} static files in {time.monotonic() - began:.1f} s, once for this version"
            )
        try:
            with migration_lock(lambda: self._say("Waiting for another process that prepares the database")):
                self._say("Preparing the database")
                with connection.without_time_limit():  # type: ignore[attr-defined]
                    call_command("migrate", verbosity=0, interactive=False)
                self._cast()
                self._admin()
        except psycopg.OperationalError as error:
            raise CommandError(
                f"The database does not let us in: {database_address()}: {cause_of(error)}"
            ) from error

    def _check_port(self, host: str, port: int) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CommandError(
                    f"Port {port} is taken ({error.strerror}). Stop what uses it, or run with PORT=8001."
                ) from error

    def _models(self) -> None:
        """Names what other servers on this machine could think with, where our own small model would."""
        if registry.name_for("llm") not in ("local", "found"):
            return
        if lines := found.report(asyncio.run(found.find())):
            self._say("Language models on this machine")
            for line in lines:
                self.stdout.write(f"  {line}")

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
        self.stdout.write(
            f"  {self._scheme}://127.0.0.1:{self._port}/admin/  user: admin  password: {password}"
        )
