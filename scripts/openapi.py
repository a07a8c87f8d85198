"""Writes docs/openapi.json, the OpenAPI description of the HTTP API, from its operations and their schemas.

With --check it only says whether the file is as the code is.
"""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from scripts.generated import write_or_check  # noqa: E402


def written() -> str:
    """The whole file."""
    import django

    django.setup()
    from voicebot.http.api import description

    return json.dumps(description(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write_or_check("docs/openapi.json", written)
