#!/bin/sh
# The database in four files, which belong apart:
# - DATABASE_FILE: everything but the wrapped data keys and the staff's logins. Without data keys its words are noise.
# - KEYS_FILE: SECRET_KEY and SESSION_KEYS, which unwrap data keys. Another place.
# - DATA_KEYS_FILE: the data keys of what is there now, of sessions and of memories. Each backup replaces it, and it fits every older DATABASE_FILE:
#   keep no older copy, because an older one still has the keys of what was erased since.
# - ERASURES_FILE: the journal of erasures, ids and times; each backup replaces it.
#   DATABASE_URL=... SESSION_KEYS=... SECRET_KEY=... deploy/backup.sh DATABASE_FILE KEYS_FILE DATA_KEYS_FILE ERASURES_FILE
# With `-` as DATABASE_FILE and KEYS_FILE only the latter two are renewed: as often as an erasure is to reach backups.
set -eu
[ $# -eq 4 ] || { echo "Use: deploy/backup.sh DATABASE_FILE KEYS_FILE DATA_KEYS_FILE ERASURES_FILE" >&2; exit 2; }
umask 077
. "$(dirname "$0")/connection.sh"
copied() {
    psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname="$database" \
        --command="COPY (SELECT $1) TO STDOUT" >"$2.new"
    mv "$2.new" "$2" # a backup that fails leaves the last one whole
}
if [ "$1" != - ]; then
    pg_dump --format=custom --no-owner --exclude-table-data=sessions_app_datakey \
        --exclude-table-data=sessions_app_memorykey --exclude-table-data=django_session --file="$1" --dbname="$database"
fi
if [ "$2" != - ]; then
    printf 'SECRET_KEY=%s\nSESSION_KEYS=%s\n' "$SECRET_KEY" "$SESSION_KEYS" >"$2"
fi
# After the dump: no key of what it holds is missing but those of what was erased meanwhile.
copied "session_id, key_id, wrapped_key FROM sessions_app_datakey
    UNION ALL SELECT owner_id, key_id, wrapped_key FROM sessions_app_memorykey" "$3"
copied "session_id, erased_at FROM sessions_app_erasure" "$4"
echo "$1, $2, $3 and $4 are written. Keep them apart."
