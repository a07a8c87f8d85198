"""Writes docs/openapi.json, the OpenAPI description of the HTTP API, from its operations and their schemas.

With --check it only says whether the file is as the code is.
"""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "openapi.json"
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def written() -> str:
    """The whole file."""
    import django

    django.setup()
    from voicebot.http.api import description

    return json.dumps(description(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    if sys.argv[1:] == ["--check"]:
        sys.exit(
            None if PAGE.read_text() == written() else "docs/openapi.json is older than the code: make docs"
        )
    PAGE.write_text(written())
    print("docs/openapi.json is written.")


if __name__ == "__main__":
    main()
