"""A service's options: which of them are secret, and which say where its key goes.

An option is secret by its name, wherever it stands, or by what its value looks like. What is not known to be
harmless counts as a part of the address: a key goes to nobody because of a name that was not thought of.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Options = dict[str, Any]

NAME_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")  # of api_key, apiKey, API-KEY
SECRET_WORDS = frozenset(
    {"apikey", "auth", "authorization", "aws", "bearer", "cookie", "cookies", "credential", "credentials"}
    | {"dsn", "header", "headers", "jwt", "key", "keys", "oauth", "passphrase", "passwd", "password", "pwd"}
    | {"secret", "secrets", "signature", "token"}  # not tokens: max_tokens
)
SECRET_ENDS = ("token", "key", "secret", "password", "headers")  # accesstoken
NO_SECRETS = frozenset({"aws_region", "aws_region_name"})
SECRET_VALUE = re.compile(r"(?i)(bearer|basic)\s+\S|sk-[\w-]{8}|-----BEGIN ")
# What an editor may set in a character goes to the same address as before. So do numbers among the Settings.
TUNING = frozenset({"model", "voice", "language", "temperature", "speed"})


def is_secret(name: str, value: Any) -> bool:
    """Whether an option must not stand where others read it. Its members are another question."""
    words = {word.lower() for word in NAME_PARTS.findall(name)}
    named = bool(words & SECRET_WORDS) or name.lower().endswith(SECRET_ENDS)
    if named and name.lower() not in NO_SECRETS and not isinstance(value, bool | None):
        return True
    return isinstance(value, str) and (SECRET_VALUE.match(value) is not None or _tells(value))


def _tells(url: str) -> bool:
    """Whether an address has a password or a key in it."""
    if "://" not in url:
        return False
    try:
        parts = urlsplit(url)
        return bool(parts.password or parts.username) or any(
            is_secret(name, value) for name, value in parse_qsl(parts.query)
        )
    except ValueError:
        return True  # nobody can tell


def split(options: Mapping[str, Any]) -> tuple[Options, Options]:
    """The options that anybody may read, and those that are secret, each in its place."""
    plain: Options = {}
    secret: Options = {}
    for name, value in options.items():
        if is_secret(name, value) or (isinstance(value, list) and _any_secret(value)):
            secret[name] = value
        elif isinstance(value, dict):
            open_part, hidden = split(value)
            if open_part or not hidden:
                plain[name] = open_part
            if hidden:
                secret[name] = hidden
        else:
            plain[name] = value
    return plain, secret


def _any_secret(values: list[Any]) -> bool:
    return any(
        _any_secret(value) if isinstance(value, list) else bool(split({"item": value})[1]) for value in values
    )


def names(options: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """The dotted names of what is set: `settings.extra.headers`."""
    for name, value in options.items():
        if isinstance(value, dict) and value and not is_secret(name, value):
            yield from names(value, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def merged(plain: Mapping[str, Any], secret: Mapping[str, Any]) -> Options:
    """All options, the secret ones back in their places."""
    found = dict(plain)
    for name, value in secret.items():
        there = found.get(name)
        both = isinstance(there, dict) and isinstance(value, dict)
        found[name] = merged(there, value) if both else value  # type: ignore[arg-type]
    return found


def texts(value: Any) -> Iterator[str]:
    """Each text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


def destination(service: str, options: Mapping[str, Any]) -> str:
    """Where a key goes, as a text to compare: the class, and every option that could have a say in that."""
    pointing = {name: value for name, value in options.items() if name not in (*TUNING, "settings")}
    tuned = options.get("settings")
    if isinstance(tuned, dict):
        more = {
            name: value
            for name, value in tuned.items()
            if name not in TUNING and not isinstance(value, int | float | None)
        }
        pointing |= {"settings": more} if more else {}
    elif tuned is not None:
        pointing["settings"] = tuned
    return json.dumps([service, _as_stored(pointing)], sort_keys=True, ensure_ascii=True)


def _as_stored(value: Any) -> Any:
    """Numbers as the database gives them back: 1e3 becomes 1000 there."""
    if isinstance(value, dict):
        return {name: _as_stored(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_stored(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
