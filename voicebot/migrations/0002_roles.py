"""Three roles, as groups: who writes characters, who looks after conversations, who keeps the house running."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

CHARACTERS = ["add_character", "change_character", "view_character"]
LORE = ["add_loreentry", "change_loreentry", "delete_loreentry", "view_loreentry"]
SESSIONS = ["view_voicesession", "change_voicesession"]
PROFILES = ["add_providerprofile", "change_providerprofile", "delete_providerprofile", "view_providerprofile"]
ROLES = {
    "Editor": {
        "characters": [*CHARACTERS, *LORE, "publish_character", "view_characterversion"],
        "voicebot": ["view_providerprofile"],
    },
    "Moderator": {
        "characters": ["view_character", "view_loreentry", "view_characterversion"],
        "sessions_app": [*SESSIONS, "delete_voicesession", "read_transcript"],
    },
    "Operator": {
        "characters": ["view_character", "delete_character", "view_loreentry", "view_characterversion"],
        "sessions_app": SESSIONS,
        "voicebot": PROFILES,
    },
}


def give(apps, roles):
    """Groups that are there already keep what they have, and get what is missing."""
    for label in ("characters", "sessions_app", "voicebot"):
        config = apps.get_app_config(label)
        config.models_module = True  # permissions are made after migrating otherwise, too late for us
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
    group_model, permission_model = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, wanted in roles.items():
        group, _ = group_model.objects.get_or_create(name=name)
        for label, codenames in wanted.items():
            found = permission_model.objects.filter(content_type__app_label=label, codename__in=codenames)
            missing = set(codenames) - set(found.values_list("codename", flat=True))
            if missing:
                raise ValueError(f"There are no permissions {sorted(missing)} in {label}.")
            group.permissions.add(*found)


def make_roles(apps, schema_editor):
    give(apps, ROLES)


class Migration(migrations.Migration):
    dependencies = [
        ("voicebot", "0001_initial"),
        ("characters", "0002_versions_do_not_change"),
        ("sessions_app", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
