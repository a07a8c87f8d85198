"""PostgreSQL: the ORM off the event loop, its clock, a server that is away, migrations' lock, rounds."""

from sessions_app.database.circuit_breaker import Breaker, cause_of
from sessions_app.database.clock import database_clock
from sessions_app.database.migration_lock import migration_lock
from sessions_app.database.rounds import Rounds
from sessions_app.database.threads import at_leisure, availability, database_address, in_database, is_away

__all__ = [
    "Breaker",
    "Rounds",
    "at_leisure",
    "availability",
    "cause_of",
    "database_address",
    "database_clock",
    "in_database",
    "is_away",
    "migration_lock",
]
