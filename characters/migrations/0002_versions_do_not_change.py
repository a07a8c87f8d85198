"""A published version does not change, whoever asks the database to change it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION characters_version_immutable() RETURNS trigger AS $$
BEGIN
    IF (NEW.character_id, NEW.number, NEW.content, NEW.digest, NEW.note, NEW.created_at)
        IS DISTINCT FROM (OLD.character_id, OLD.number, OLD.content, OLD.digest, OLD.note, OLD.created_at) THEN
        RAISE EXCEPTION 'a published version does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW; -- only the author goes, with the account
END $$ LANGUAGE plpgsql;
CREATE TRIGGER characters_version_immutable BEFORE UPDATE ON characters_characterversion
    FOR EACH ROW EXECUTE FUNCTION characters_version_immutable();
"""
BACKWARD = """
DROP TRIGGER characters_version_immutable ON characters_characterversion;
DROP FUNCTION characters_version_immutable();
"""


class Migration(migrations.Migration):
    dependencies = [("characters", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
