"""Operators keep budgets."""

from importlib import import_module

from django.db import migrations

BUDGETS = ["add_budget", "change_budget", "delete_budget", "view_budget"]


def let_operators(apps, schema_editor):
    roles = import_module("voicebot.migrations.0002_roles")
    roles.give(apps, {"Operator": {"sessions_app": BUDGETS}})


class Migration(migrations.Migration):
    dependencies = [("voicebot", "0010_who_sees_uses_of_tools"), ("sessions_app", "0016_budgets")]
    operations = [migrations.RunPython(let_operators, migrations.RunPython.noop)]
