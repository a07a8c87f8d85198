"""The arguments of a server's tool: from whatever it says in JSON Schema to what a character's tool keeps."""

import pytest

from voicebot.tools.mcp.schemas import MOST_PARTS, arguments_of


def tree(width: int) -> dict:
    """A node that has so many others, as those of query languages and documents do."""
    node = {"type": "object", "properties": {f"part{n}": {"$ref": "#/$defs/Node"} for n in range(width)}}
    return {
        "$defs": {"Node": node},
        "properties": {"root": {"$ref": "#/$defs/Node"}, "depth": {"type": "integer"}},
    }


@pytest.mark.parametrize("width", [3, 400])
def test_a_schema_that_refers_to_itself_is_written_out_within_bounds(width, monkeypatch):
    looked_at = 0

    def looked(reference, root):
        nonlocal looked_at
        looked_at += 1
        assert looked_at <= MOST_PARTS, "four hundred to the fourth"
        return root["$defs"]["Node"]

    monkeypatch.setattr("voicebot.tools.mcp.schemas._at", looked)
    found = {argument.name: argument for argument in arguments_of(tree(width))}
    assert found["root"].shape["type"] == "object"
    assert found["depth"].type == "integer"
