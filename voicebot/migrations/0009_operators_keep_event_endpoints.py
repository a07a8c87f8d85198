"""Operators say who is told of events, and see what became of each."""

from importlib import import_module

from django.db import migrations

ENDPOINTS = [f"{act}_eventendpoint" for act in ("add", "change", "delete", "view")]
DELIVERIES = ["view_outboxevent", "change_outboxevent"]


def let_operators(apps, schema_editor):
    roles = import_module("voicebot.migrations.0002_roles")
    roles.give(apps, {"Operator": {"sessions_app": ENDPOINTS + DELIVERIES}})


class Migration(migrations.Migration):
    dependencies = [("voicebot", "0008_operators_set_up_tool_servers"), ("sessions_app", "0012_events_out")]
    operations = [migrations.RunPython(let_operators, migrations.RunPython.noop)]
