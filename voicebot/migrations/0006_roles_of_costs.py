"""Operators keep prices; they and moderators see what was used."""

from importlib import import_module

from django.db import migrations

USAGE = ["view_usage"]
PRICES = ["add_price", "change_price", "delete_price", "view_price"]


def let_them(apps, schema_editor):
    roles = import_module("voicebot.migrations.0002_roles")
    roles.give(
        apps,
        {"Operator": {"sessions_app": [*USAGE, *PRICES]}, "Moderator": {"sessions_app": USAGE}},
    )


class Migration(migrations.Migration):
    dependencies = [("voicebot", "0005_names_for_the_admin"), ("sessions_app", "0013_costs")]
    operations = [migrations.RunPython(let_them, migrations.RunPython.noop)]
