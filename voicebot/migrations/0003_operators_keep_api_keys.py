"""Operators make and revoke API keys."""

from importlib import import_module

from django.db import migrations

KEYS = ["add_apikey", "change_apikey", "view_apikey"]


def let_operators(apps, schema_editor):
    roles = import_module("voicebot.migrations.0002_roles")
    roles.give(apps, {"Operator": {"sessions_app": KEYS}})


class Migration(migrations.Migration):
    dependencies = [("voicebot", "0002_roles"), ("sessions_app", "0002_apikey")]
    operations = [migrations.RunPython(let_operators, migrations.RunPython.noop)]
