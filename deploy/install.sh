#!/usr/bin/env bash
# Installs lampd on this board, upgrades it, and takes an upgrade back that does not do well. See --help.
#
# A release is a folder /opt/lampd/releases/VERSION; /opt/lampd/current is the one that runs, previous the one before
# it. What the lamp knew before VERSION came lies in /var/lib/lampd/before-VERSION; in NAME/before-VERSION, the lamp NAME.
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

here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
for part in bundle board release learned health; do
    # shellcheck source=/dev/null
    . "$here/install.d/$part.sh"
done

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
        *) step "remove $name" rm -rf "${releases:?}/$name" "$state"/{,*/}{before,after}-"$name" ;;
        esac
    done
    if [ -z "$changed" ]; then
        echo "lampd $version is installed already: nothing to do"
    elif [ -z "$dry_run" ]; then
        echo "lampd $version is installed"
    fi
}

take_its_place() {
    each_lamp keep_learned "$1"
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
    [ "$root" ] || systemctl stop 'lampd@*.service' 2>/dev/null || true
    for pair in "${system_files[@]}"; do
        rm -f "$root${pair#* }"
    done
    rm -f "$root/usr/local/bin/lampctl" "$root"/etc/systemd/system/multi-user.target.wants/lampd{,@*}.service
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
bundle=$here
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
