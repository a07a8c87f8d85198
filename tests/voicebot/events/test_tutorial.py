"""The receiver of docs/events.md, as it stands there: takes what we signed, and nothing else."""

import base64
import os
import re
import secrets
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from tests.patience import PATIENCE_SECS
from tests.servers import ROOT
from tests.workers import free_port
from voicebot.events.sending import signed_headers


def answered(port: int, body: bytes, headers: dict[str, str]) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", body, headers)
    until = time.monotonic() + PATIENCE_SECS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:  # it is not up yet
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def test_the_receiver_of_the_tutorial_knows_what_is_ours(tmp_path: Path):
    block = re.search(r"```python\n(.*?)```", (ROOT / "docs/events.md").read_text(), re.DOTALL)
    assert block
    port, secret = free_port(), "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    code = textwrap.dedent(block.group(1)).replace("9000", str(port))
    receiver = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "SECRET": secret})
    try:
        body, message = b'{"type": "endpoint.test"}', str(uuid4())
        good = signed_headers(message, [secret], datetime.now(UTC), body)
        assert good
        assert answered(port, body, good) == 204
        assert answered(port, body + b" ", good) == 401
        assert answered(port, body, {**good, "webhook-id": str(uuid4())}) == 401
        old = signed_headers(message, [secret], datetime.fromtimestamp(time.time() - 600, UTC), body)
        assert old
        assert answered(port, body, old) == 401
    finally:
        receiver.kill()
        receiver.wait(10)
