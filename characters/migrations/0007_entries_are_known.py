"""Every entry of a lorebook that is there already gets an identity of its own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("characters", "0006_shared_lorebooks")]
    operations = [
        migrations.RunSQL(
            "UPDATE characters_loreentry SET uid = gen_random_uuid()", migrations.RunSQL.noop
        )
    ]
