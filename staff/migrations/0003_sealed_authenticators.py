"""Keys of one-time passwords are sealed: they move out of django-otp's table, which had them in the clear.

That table goes, and its pages on disk with it. Whoever is signed in shows the second factor once more.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from sessions_app.crypto.keyring import key_ring
from sessions_app.crypto.sealer import Sealer

OLD = "otp_totp_totpdevice"
COLUMNS = "user_id, name, key, drift, last_t, throttling_failure_timestamp, throttling_failure_count, created_at, last_used_at"


def move(apps, schema_editor):
    """Seals every key that counts; one that was being set up is set up anew."""
    authenticators = apps.get_model("staff", "Authenticator").objects
    with schema_editor.connection.cursor() as cursor:
        if OLD not in schema_editor.connection.introspection.table_names(cursor):
            return
        cursor.execute(f"SELECT {COLUMNS} FROM {OLD} WHERE confirmed ORDER BY id")
        rows = cursor.fetchall()
        for user_id, name, key, drift, last_t, failed_at, failures, created_at, used_at in rows:
            seal_name = uuid.uuid4()
            data_key, wrapped = key_ring().new_data_key(seal_name)
            made = authenticators.create(
                user_id=user_id,
                name=name,
                seal_name=seal_name,
                key_id=wrapped.key_id,
                wrapped_key=wrapped.data,
                sealed_key=Sealer(data_key, seal_name).seal(
                    "authenticator", "key", 0, key.lower(), f"account {user_id}"
                ),
                drift=drift,
                last_t=last_t,
                throttling_failure_timestamp=failed_at,
                throttling_failure_count=failures,
                last_used_at=used_at,
            )
            authenticators.filter(pk=made.pk).update(created_at=created_at)
        # Deferred checks of the rows that were just made would stand in the way of the DROP.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"DROP TABLE {OLD} CASCADE")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'otp_totp'")


class Migration(migrations.Migration):
    dependencies = [
        ("staff", "0002_ended_logins"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Authenticator",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key_id", models.CharField(blank=True, editable=False, max_length=32)),
                ("wrapped_key", models.BinaryField(null=True)),
                ("name", models.CharField(help_text="The human-readable name of this device.", max_length=64)),
                ("confirmed", models.BooleanField(default=True, help_text="Is this device ready for use?")),
                (
                    "throttling_failure_timestamp",
                    models.DateTimeField(
                        blank=True,
                        default=None,
                        help_text="A timestamp of the last failed verification attempt. Null if last attempt succeeded.",
                        null=True,
                    ),
                ),
                (
                    "throttling_failure_count",
                    models.PositiveIntegerField(default=0, help_text="Number of successive failed attempts."),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        auto_now_add=True,
                        help_text="The date and time when this device was initially created in the system.",
                        null=True,
                    ),
                ),
                (
                    "last_used_at",
                    models.DateTimeField(
                        blank=True, help_text="The most recent date and time this device was used.", null=True
                    ),
                ),
                ("seal_name", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("sealed_key", models.BinaryField()),
                ("drift", models.SmallIntegerField(default=0)),
                ("last_t", models.BigIntegerField(default=-1)),
                (
                    "user",
                    models.ForeignKey(
                        help_text="The user that this device belongs to.",
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "authenticator", "abstract": False},
        ),
        migrations.RunPython(move, migrations.RunPython.noop),
    ]
