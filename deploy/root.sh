#!/usr/bin/env bash
# A Debian 13 as a board has it before lampd: what containers and emulated boards boot. Made once, about a minute, six
# for arm64 on x86: what is there is kept while this file stays the same. Beside it, in ROOT.kernel, a kernel that has
# the simulated pins and the sound loopback: backports' one, unpacked and not installed.
# Usage, as root, with mmdebstrap (and qemu-user-static, arch-test for another processor): deploy/root.sh ROOT amd64|arm64
set -euo pipefail
root=$1
arch=$2
made_from=$(echo "$arch" | cat - "$0" | sha256sum)
[ "$(cat "$root.made-from" 2>/dev/null)" != "$made_from" ] || exit 0

if [ "$arch" != "$(dpkg --print-architecture)" ] && [ ! -e /proc/sys/fs/binfmt_misc/status ]; then
    mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
    /usr/lib/systemd/systemd-binfmt
fi
rm -rf "$root" "$root.all" "$root.kernel" "$root.made-from"
echo "making a Debian 13 for $arch in $root ..." >&2
mmdebstrap --quiet --variant=minbase --architectures="$arch" \
    --include=systemd-sysv,dbus,udev,kmod,procps,iproute2,openssh-server,openssh-client,sudo,alsa-utils,python3,xz-utils \
    trixie "$root"
echo "fetching its kernel ..." >&2
mmdebstrap --quiet --variant=extract --architectures="$arch" --include="linux-image-$arch/trixie-backports" \
    --setup-hook='sed -i "1{p;s/ trixie / trixie-backports /}" "$1/etc/apt/sources.list"' trixie "$root.all"
mkdir -p "$root.kernel/usr/lib"
mv "$root".all/usr/lib/modules "$root.kernel/usr/lib/"
rm -rf "$root.all"
mv "$root".kernel/usr/lib/modules/*/vmlinuz "$root.kernel/"
depmod --basedir "$root.kernel/usr" "$(ls "$root.kernel/usr/lib/modules")"
echo "$made_from" >"$root.made-from"
