"""Kinds of values that a variable may have, and how each is said to whoever set another one."""

import json
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, AllowInfNan, BeforeValidator

from sessions_app.network import trusted_peers, web_origins

TRUE, FALSE = ("1", "true", "yes", "on", "y", "ok"), ("0", "false", "no", "off", "n", "")


@dataclass(frozen=True)
class Kind:
    """A kind of values: its name in docs/reference.md, and the words after "SETTING takes"."""

    name: str
    words: str


def _switch(value: Any) -> Any:
    text = str(value).strip().lower()
    if text not in TRUE + FALSE:
        raise ValueError
    return text in TRUE


def split(value: Any) -> Any:
    return [item for item in value.split(",") if item] if isinstance(value, str) else value


def parsed_object(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _text_of_object(value: str) -> str:
    if value and not isinstance(json.loads(value), dict):
        raise ValueError
    return value


def _networks(value: list[str]) -> list[str]:
    trusted_peers.networks(value)
    return value


def _origins(value: list[str]) -> list[str]:
    if not all(map(web_origins.parse, value)):
        raise ValueError
    return value


Switch = Annotated[bool, BeforeValidator(_switch), Kind("bool", "1, true, yes or on, or 0, false, no or off")]
Whole = Annotated[int, Kind("int", "a whole number")]
Number = Annotated[float, AllowInfNan(False), Kind("float", "a number")]
Text = Annotated[str, Kind("str", "a text")]
Names = Annotated[list[str], BeforeValidator(split), Kind("list", "names with commas between them")]
Networks = Annotated[
    list[str],
    BeforeValidator(split),
    AfterValidator(_networks),
    Kind("list", "addresses and networks with commas between them, such as 10.0.0.0/8,192.0.2.7"),
]
Origins = Annotated[
    list[str],
    BeforeValidator(split),
    AfterValidator(_origins),
    Kind("list", "origins with commas between them, such as https://partner.example, as browsers write them"),
]
JsonObject = Annotated[dict[str, Any], BeforeValidator(parsed_object), Kind("json", "a JSON object")]
JsonText = Annotated[str, AfterValidator(_text_of_object), Kind("json", "a JSON object, or nothing")]
