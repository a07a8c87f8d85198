#!/bin/sh
# Puts a database of deploy/backup.sh into an empty one; set SECRET_KEY and SESSION_KEYS from its keys file.
#   DATABASE_URL=... deploy/restore.sh DATABASE_FILE
set -eu
[ $# -eq 1 ] || { echo "Use: deploy/restore.sh DATABASE_FILE" >&2; exit 2; }
pg_restore --no-owner --exit-on-error --dbname="$DATABASE_URL" "$1"
echo "Restored. Start Greenroom with the SECRET_KEY and SESSION_KEYS that belong to it."
