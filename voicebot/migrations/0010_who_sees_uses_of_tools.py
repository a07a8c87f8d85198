"""Moderators and operators see the audit of tools."""

from importlib import import_module

from django.db import migrations

ROLES = {role: {"sessions_app": ["view_tooluse"]} for role in ("Moderator", "Operator")}


def let_them_see(apps, schema_editor):
    import_module("voicebot.migrations.0002_roles").give(apps, ROLES)


class Migration(migrations.Migration):
    dependencies = [("voicebot", "0009_operators_keep_event_endpoints"), ("sessions_app", "0010_tools")]
    operations = [migrations.RunPython(let_them_see, migrations.RunPython.noop)]
