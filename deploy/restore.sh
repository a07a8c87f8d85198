#!/bin/sh
# Puts a database of deploy/backup.sh into an empty one, all or nothing; set SECRET_KEY and SESSION_KEYS from its
# keys file.
#   DATABASE_URL=... deploy/restore.sh DATABASE_FILE
set -eu
[ $# -eq 1 ] || { echo "Use: deploy/restore.sh DATABASE_FILE" >&2; exit 2; }
umask 077
sql=$(mktemp)
trap 'rm -f "$sql"' EXIT
trap 'exit 1' HUP INT TERM
pg_restore --no-owner --file="$sql" "$1"
# Tools since PostgreSQL 17 set a parameter that older servers do not know.
sed '/^SET transaction_timeout = 0;$/d' "$sql" |
    psql --no-psqlrc --quiet --output=/dev/null --single-transaction --set=ON_ERROR_STOP=1 --dbname="$DATABASE_URL"
echo "Restored. Start Greenroom with the SECRET_KEY and SESSION_KEYS that belong to it."
