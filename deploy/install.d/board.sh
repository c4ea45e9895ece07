# shellcheck shell=bash disable=SC2154
# What board this is, what it lacks, and its settings; read by install.sh.

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
