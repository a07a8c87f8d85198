"""Operators set up servers of tools and sealed headers; editors see which there are."""

from importlib import import_module

from django.db import migrations

MODELS = ("sealedheader", "toolserver")
ROLES = {
    "Editor": {"voicebot": [f"view_{model}" for model in MODELS]},
    "Operator": {
        "voicebot": [f"{act}_{model}" for act in ("add", "change", "delete", "view") for model in MODELS]
    },
}


def let_operators(apps, schema_editor):
    import_module("voicebot.migrations.0002_roles").give(apps, ROLES)


class Migration(migrations.Migration):
    dependencies = [("voicebot", "0007_tool_servers")]
    operations = [migrations.RunPython(let_operators, migrations.RunPython.noop)]
