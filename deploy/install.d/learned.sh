# shellcheck shell=bash disable=SC2154
# What the lamps have learned, before and after a change of release; read by install.sh.

# each_lamp COMMAND...: with $state of the lamp, and then of each other that $etc has a file for
each_lamp() {
    local file first=$state state
    state=$first
    "$@"
    for file in "$etc"/*.yaml; do
        state=$first/$(basename "$file" .yaml)
        if [ -e "$state/journal.db" ]; then "$@"; fi
    done
}

# of what was learned (in $1), and what a release can read
journal_version() {
    [ -e "$1/journal.db" ] || { echo 0 && return; }
    as_lampd python3 -c 'import sqlite3, sys
try:
    journal = sqlite3.connect(sys.argv[1])
    assert journal.execute("PRAGMA quick_check").fetchone()[0] == "ok"
    print(journal.execute("PRAGMA user_version").fetchone()[0])
except (sqlite3.Error, AssertionError):
    print(999)' "$1/journal.db"
}
readable() { sed -n 's/^VERSION = //p' "$releases/$1"/lib/python3.*/site-packages/lampd/schema.py; }

learned=(journal.db journal.db-wal journal.db-shm models)

keep_learned() {
    local kept=$state/before-$1 name
    [ -d "$state" ] || return 0
    as_lampd rm -rf "$kept" "$kept.draft"
    as_lampd mkdir "$kept.draft"
    chown --reference="$state" "$kept.draft"
    for name in "${learned[@]}"; do
        [ ! -e "$state/$name" ] || as_lampd cp -a "$state/$name" "$kept.draft/"
    done
    as_lampd mv -T "$kept.draft" "$kept"
    sync -f "$state"
}

# Back from release $1 to $2: what was learned stays where $2 can read it; else what was kept before $1 comes back, and
# what $1 learned is laid aside.
restore_learned() {
    local name aside=$state/after-$1
    if [ "$(journal_version "$state")" -le "$(readable "$2")" ]; then
        echo "what was learned stays"
        return
    fi
    as_lampd rm -rf "$aside"
    as_lampd mkdir "$aside"
    for name in "${learned[@]}"; do
        [ ! -e "$state/$name" ] || as_lampd mv "$state/$name" "$aside/"
        [ ! -e "$state/before-$1/$name" ] || as_lampd cp -a "$state/before-$1/$name" "$state/"
    done
    echo "what was learned is again what it was before $1, for $2 cannot read what $1 wrote; that lies in $aside"
}
