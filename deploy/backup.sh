#!/bin/sh
# The database together with the keys: one is worth nothing without the other, and keeping them in one place
# undoes the encryption. So they go into two files, for two places.
#   DATABASE_URL=... SESSION_KEYS=... SECRET_KEY=... deploy/backup.sh DATABASE_FILE KEYS_FILE
set -eu
[ $# -eq 2 ] || { echo "Use: deploy/backup.sh DATABASE_FILE KEYS_FILE" >&2; exit 2; }
umask 077
pg_dump --format=custom --no-owner --file="$1" "$DATABASE_URL"
printf 'SECRET_KEY=%s\nSESSION_KEYS=%s\n' "$SECRET_KEY" "$SESSION_KEYS" >"$2"
echo "$1 and $2 are written. Keep them apart."
