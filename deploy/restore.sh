#!/bin/sh
# Puts a database of deploy/backup.sh into an empty one, all or nothing, with the data keys of everything but what was
# erased since; set SECRET_KEY and SESSION_KEYS from its keys file. Give it the newest DATA_KEYS_FILE and ERASURES_FILE,
# however old the DATABASE_FILE is.
#   DATABASE_URL=... deploy/restore.sh DATABASE_FILE DATA_KEYS_FILE ERASURES_FILE
# A DATABASE_FILE from before there were data key files is given alone; afterwards `manage.py migrate` and
# `manage.py replay_erasures ERASURES_FILE`.
set -eu
[ $# -eq 1 ] || [ $# -eq 3 ] || { echo "Use: deploy/restore.sh DATABASE_FILE [DATA_KEYS_FILE ERASURES_FILE]" >&2; exit 2; }
umask 077
. "$(dirname "$0")/connection.sh"
sql=$(mktemp)
trap 'rm -f "$sql"' EXIT
trap 'exit 1' HUP INT TERM
pg_restore --no-owner --file="$sql" "$1"
if [ $# -eq 3 ]; then
    {
        echo 'RESET search_path;'
        echo 'CREATE TEMP TABLE erased (session_id uuid, erased_at timestamptz);'
        echo 'CREATE TEMP TABLE kept (session_id uuid, key_id varchar, wrapped_key bytea);'
        echo 'COPY erased FROM STDIN;'
        cat "$3"
        echo '\.'
        echo 'COPY kept FROM STDIN;'
        cat "$2"
        echo '\.'
        echo 'INSERT INTO sessions_app_erasure (session_id, erased_at)'
        echo '    SELECT session_id, erased_at FROM erased ON CONFLICT (session_id)'
        echo '    DO UPDATE SET erased_at = GREATEST(sessions_app_erasure.erased_at, EXCLUDED.erased_at);'
        echo 'INSERT INTO sessions_app_datakey (session_id, key_id, wrapped_key)'
        echo '    SELECT session_id, key_id, wrapped_key FROM kept'
        echo '    WHERE session_id IN (SELECT id FROM sessions_app_voicesession)'
        echo '    AND session_id NOT IN (SELECT session_id FROM sessions_app_erasure);'
        # A dump of before there were memories, or documents, has no such tables.
        cat <<'SQL'
SELECT to_regclass('sessions_app_memorykey') IS NOT NULL AS remembers \gset
\if :remembers
DELETE FROM sessions_app_sealedmemory WHERE id IN (SELECT session_id FROM sessions_app_erasure);
INSERT INTO sessions_app_memorykey (owner_id, key_id, wrapped_key)
    SELECT session_id, key_id, wrapped_key FROM kept
    WHERE session_id IN (SELECT id FROM sessions_app_visitormemory)
    AND session_id NOT IN (SELECT session_id FROM sessions_app_erasure);
\endif
SELECT to_regclass('characters_documentpiece') IS NOT NULL AS reads \gset
\if :reads
CREATE TEMP TABLE deleted AS SELECT id FROM characters_document JOIN sessions_app_erasure
    ON session_id = left(sha256, 32)::uuid AND added_at < erased_at;
DELETE FROM characters_documentpiece WHERE document_id IN (SELECT id FROM deleted);
DELETE FROM characters_document_characters WHERE document_id IN (SELECT id FROM deleted);
DELETE FROM characters_document WHERE id IN (SELECT id FROM deleted);
SELECT to_regclass('voicebot_document_vectors') IS NOT NULL AS has_vectors \gset
\if :has_vectors
DELETE FROM voicebot_document_vectors WHERE document_id IN (SELECT id FROM deleted);
\endif
\endif
SQL
    } >>"$sql"
fi
# Tools since PostgreSQL 17 set a parameter that older servers do not know.
sed '/^SET transaction_timeout = 0;$/d' "$sql" |
    psql --no-psqlrc --quiet --output=/dev/null --single-transaction --set=ON_ERROR_STOP=1 --dbname="$database"
echo "Restored. What was erased since the backup has no key here; its rows go with the first sweep, or at once with"
echo "manage.py replay_erasures. Start Greenroom with the SECRET_KEY and SESSION_KEYS that belong to it."
