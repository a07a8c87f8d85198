# Sourced: `database` is DATABASE_URL without its password, which goes to libpq by the environment (PGPASSWORD).
# Everybody on a machine can read the command lines of all processes; an environment only its owner.
PGPASSWORD=$(LC_ALL=C awk 'BEGIN {
    url = ENVIRON["DATABASE_URL"]
    sub(/^[a-z]+:\/\//, "", url)
    sub(/[\/?].*/, "", url)
    at = 0
    while (match(substr(url, at + 1), /@/)) at += RSTART
    user = substr(url, 1, at - 1)
    if (!at || !(colon = index(user, ":"))) exit
    word = substr(user, colon + 1)
    while ((cut = index(word, "%"))) {
        digits = "0123456789abcdef"
        code = 16 * (index(digits, tolower(substr(word, cut + 1, 1))) - 1)
        code += index(digits, tolower(substr(word, cut + 2, 1))) - 1
        out = out substr(word, 1, cut - 1) sprintf("%c", code)
        word = substr(word, cut + 3)
    }
    printf "%s%s", out, word
}')
case $PGPASSWORD in ?*) export PGPASSWORD ;; *) unset PGPASSWORD ;; esac
database=$(awk 'BEGIN {
    url = ENVIRON["DATABASE_URL"]
    match(url, /^[a-z]+:\/\//)
    scheme = substr(url, 1, RLENGTH)
    rest = substr(url, RLENGTH + 1)
    place = rest
    sub(/[\/?].*/, "", place)
    tail = substr(rest, length(place) + 1)
    if (tail ~ /[?&](password|sslpassword)=/) exit 1
    at = 0
    while (match(substr(place, at + 1), /@/)) at += RSTART
    user = substr(place, 1, at - (at > 0))
    sub(/:.*/, "", user)
    printf "%s%s%s%s%s", scheme, user, (at ? "@" : ""), substr(place, at + 1), tail
}') || { echo "DATABASE_URL: write the password as user:password@host, not as a parameter." >&2; exit 2; }
