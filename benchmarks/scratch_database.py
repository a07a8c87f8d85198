"""A database of a benchmark's own, which is made for it and goes with it."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def scratch_database(name: str) -> Iterator[None]:
    """Django's, with all migrations, under this name while it lasts. Django has to be set up."""
    from django.db import connection
    from django.test.runner import DiscoverRunner

    connection.settings_dict["TEST"]["NAME"] = name
    runner = DiscoverRunner(verbosity=0, interactive=False)
    runner.setup_test_environment()
    databases = runner.setup_databases()
    try:
        yield
    finally:
        runner.teardown_databases(databases)
