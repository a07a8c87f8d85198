"""Logins were limited by django-axes, which kept names and addresses for ever: its tables go."""

from django.db import migrations

TABLES = ["accessattemptexpiration", "accessattempt", "accesslog", "accessfailurelog"]


class Migration(migrations.Migration):
    dependencies = [("contenttypes", "0002_remove_content_type_name"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [
        migrations.RunSQL(
            [
                *(f"DROP TABLE IF EXISTS axes_{table} CASCADE" for table in TABLES),
                "DELETE FROM django_migrations WHERE app = 'axes'",
            ],
            migrations.RunSQL.noop,
        )
    ]
