"""Wrapped data keys move into a table that backups leave out; logins that stand in the clear go."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

SETTLE = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;"
MOVE = f"""
    INSERT INTO sessions_app_datakey (session_id, key_id, wrapped_key)
    SELECT id, key_id, wrapped_key FROM sessions_app_voicesession;
    {SETTLE}
"""
MOVE_BACK = f"""
    UPDATE sessions_app_voicesession SET key_id = k.key_id, wrapped_key = k.wrapped_key
    FROM sessions_app_datakey k WHERE k.session_id = id;
    {SETTLE}
"""


class Migration(migrations.Migration):
    dependencies = [
        ("sessions_app", "0005_greeted"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="DataKey",
            fields=[
                (
                    "session",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="data_key",
                        serialize=False,
                        to="sessions_app.voicesession",
                    ),
                ),
                ("key_id", models.CharField(db_index=True, max_length=32)),
                ("wrapped_key", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("session_id", models.UUIDField(primary_key=True, serialize=False)),
                ("erased_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.RunSQL(MOVE, MOVE_BACK),
        # With defaults first, so that the way back finds somewhere to put the keys.
        migrations.AlterField("voicesession", "key_id", models.CharField(max_length=32, default="")),
        migrations.AlterField("voicesession", "wrapped_key", models.BinaryField(default=b"")),
        migrations.RemoveField(model_name="voicesession", name="key_id"),
        migrations.RemoveField(model_name="voicesession", name="wrapped_key"),
        migrations.RunSQL("DELETE FROM django_session;", migrations.RunSQL.noop),
    ]
