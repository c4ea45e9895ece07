# shellcheck shell=bash disable=SC2154
# Whether the release that runs does well; read by install.sh.

unit() { systemctl show --value --property "$1" lampd.service; }

# Every stage is ready; but no microphone, or another than the settings say, is no fault of a release.
ready() {
    [ "$(unit ActiveState)" = active ] || return 1
    { "$opt/current/bin/lampctl" status --json 2>/dev/null || true; } | python3 -c '
import json, sys
stages = json.load(sys.stdin).get("stages", {})
deaf = "microphone" in (stages.get("recorder", {}).get("error") or "")
late = [name for name, stage in stages.items() if stage["state"] != "ready" and not (deaf and name == "recorder")]
print(stages["recorder"]["error"] if deaf else "")
sys.exit(bool(late or not stages))' >"$temporary/deaf" 2>/dev/null
}

# $1: within so many seconds
becomes_ready() {
    local end=$((SECONDS + $1)) before restarts
    before=$(unit NRestarts)
    until ready; do
        restarts=$(unit NRestarts)
        # systemd forgets those of its last life only when it starts
        [ "$SECONDS" -lt "$end" ] && { [ "$restarts" -lt 4 ] || [ "$restarts" = "$before" ]; } || return 1
        sleep 1
    done
}

healthy() {
    local restarts
    becomes_ready "${LAMPD_PATIENCE:-60}" || return 1
    echo "every stage is ready; watching it for ten seconds ..."
    restarts=$(unit NRestarts)
    sleep 10
    becomes_ready 15 && [ "$(unit NRestarts)" = "$restarts" ] || return 1
    [ ! -s "$temporary/deaf" ] || sed -n 's/^./it cannot hear yet: &/p' "$temporary/deaf"
}

others=()
# the other lamps of this board that run: lampd@NAME.service
other_lamps() {
    systemctl list-units --plain --no-legend --state=active,activating 'lampd@*.service' | cut -d ' ' -f 1
}
start_lamps() {
    systemctl start --no-block lampd.service
    # a release from before there were several knows none of them
    [ "${#others[@]}" = 0 ] || systemctl start --no-block "${others[@]}" || true
}

# switch_to VERSION COMMAND...: between the two lives of the lamps, the command sees to what each has learned
switch_to() {
    stopped=yes
    mapfile -t others < <(other_lamps)
    systemctl stop lampd.service "${others[@]}" 2>/dev/null || true
    each_lamp "${@:2}"
    point current "$1"
    fit_system "$1"
    echo "starting $1 ..."
    start_lamps
    stopped=''
}

# Whatever ends this script leaves no draft, no lamp that does not run, and none that runs on trial.
leave() {
    local code=$?
    trap - ERR
    set +e
    [ -z "$stopped" ] || start_lamps
    [ "${#trying[@]}" = 0 ] || take_back
    rm -rf "$temporary" ${unpacking:+"$releases/.incoming"}
    exit "$code"
}
