"""How fast a sweep removes what has had its time: `python -m benchmarks.sweep [--sessions N] [--turns 10]`.

Works in a database of its own on the server that DATABASE_URL names (or the embedded one), and drops it.
"""

import argparse
import os
import secrets
import sys
import time
from datetime import UTC, datetime, timedelta

import django


def fill(sessions: int, turns: int) -> None:
    """Sessions that have run out, some of which were over long ago, with turns in all."""
    from characters.demo import seed
    from sessions_app.models import DataKey, SessionTurn, VoiceSession

    seed()
    past = datetime.now(UTC) - timedelta(days=400)
    rows = [
        VoiceSession(
            character_id="captain-marlow",
            visitor=f"anon:{number}",
            state="active",
            created_at=past,
            active_at=past,
            expires_at=past,
            deadline_at=past,
            token_until=past,
            connections=1,
            turns=turns,
            metadata=secrets.token_bytes(60),
        )
        for number in range(sessions)
    ]
    VoiceSession.objects.bulk_create(rows, 1000)
    keys = [DataKey(session=row, key_id="k", wrapped_key=secrets.token_bytes(60)) for row in rows]
    DataKey.objects.bulk_create(keys, 1000)
    for start in range(0, sessions, 1000):
        SessionTurn.objects.bulk_create(
            [
                SessionTurn(
                    session=row,
                    sequence=number,
                    role="user",
                    sealed=secrets.token_bytes(120),
                    created_at=past,
                )
                for row in rows[start : start + 1000]
                for number in range(1, turns + 1)
            ],
            2000,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=10)
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from sessions_app.manager import SyncSessionManager
    from tests.databases import fresh_database

    with fresh_database("greenroom_sweep") as url:
        connections.close_all()
        name = url.split("/")[-1].split("?")[0]
        connections["default"].close_pool()
        connections["default"].settings_dict["NAME"] = name
        call_command("migrate", verbosity=0)
        fill(options.sessions, options.turns)
        manager = SyncSessionManager()
        for what, moment in (
            ("expired", None),
            ("removed", datetime.now(UTC) + timedelta(days=400)),
        ):
            began = time.monotonic()
            counts = manager.purge(moment)
            secs = time.monotonic() - began
            print(f"{what}: {counts[what]} sessions in {secs:.1f} s, {counts[what] / secs:.0f} a second")
        connections.close_all()
        connections["default"].close_pool()
    sys.exit(0)


if __name__ == "__main__":
    main()
