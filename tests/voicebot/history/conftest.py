"""What tests of the history share."""

import pytest

from voicebot.history import Spool, SpoolThread


@pytest.fixture
def spool(tmp_path):
    thread = SpoolThread(Spool(tmp_path / "spool"))
    yield thread
    thread.close()
