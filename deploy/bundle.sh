#!/usr/bin/env bash
# Packs a release, and what it takes to install it on a board without a network, into OUT.tar, without emulation; where
# OUT is a folder, into OUT/lampd-VERSION-MACHINE-pyX.Y.tar.
# Usage: deploy/bundle.sh [--machine aarch64|x86_64] [--python 3.13] [--without PACKAGE]... [--key SSH_PRIVATE_KEY]
#                         [--debs FOLDER] OUT
#   --without    leave a package out; for x86_64 torch is: PyPI's brings CUDA along, and daily use does without
#   --key        whom boards shall know it by: a private SSH key; without, boards install it only with --unsigned
#   --debs       PortAudio's packages for the board's Debian lie here; else apt-get fetches them
set -euo pipefail
machine=aarch64 python=3.13 key='' debs='' out='' without=()
while [ $# -gt 0 ]; do
    case $1 in
    --machine) machine=$2 && shift ;;
    --python) python=$2 && shift ;;
    --without) without+=(--without "$2") && shift ;;
    --key) key=$2 && shift ;;
    --debs) debs=$2 && shift ;;
    -*) echo "bundle: $1 is not an option: see the head of $0" >&2 && exit 1 ;;
    *) out=$(realpath "$1") ;;
    esac
    shift
done
[ "$out" ] || { echo "bundle: name the file to make: deploy/bundle.sh OUT.tar" >&2 && exit 1; }
[ -z "$key" ] || key=$(realpath "$key")
[ -z "$debs" ] || debs=$(realpath "$debs")
[ "$machine" != x86_64 ] || without+=(--without torch)
cd "$(dirname "$0")/.."
draft=$(mktemp -d /var/tmp/lampd-bundle.XXXXXX)
trap 'rm -rf "$draft"' EXIT

# of the Debian that has this Python; what any board has is left out
fetch_debs() {
    local arch suite mirror apt=$draft/apt names
    case $machine in aarch64) arch=arm64 ;; x86_64) arch=amd64 ;; esac
    case $python in 3.11) suite=bookworm ;; 3.13) suite=trixie ;; esac
    mkdir -p "$apt"/{lists,archives}/partial
    : >"$apt/status"
    # from where this Debian has its own
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt/sources.list"
    cat >"$apt/conf" <<END
APT::Architecture "$arch"; APT::Architectures "$arch"; APT::Sandbox::User ""; APT::Install-Recommends "no";
Dir::State::status "$apt/status"; Dir::State::lists "$apt/lists"; Dir::Cache "$apt";
Dir::Etc::sourcelist "$apt/sources.list"; Dir::Etc::sourceparts "/dev/null"; Dir::Etc::preferencesparts "/dev/null";
END
    export APT_CONFIG=$apt/conf
    apt-get -qq update
    names=$(apt-get --simulate install libportaudio2 | awk '/^Inst/ { print $2 }' |
        grep -vxE 'gcc-[0-9]+-base|libc6|libgcc-s1|libstdc\+\+6')
    # shellcheck disable=SC2086
    (cd "$draft/$name/debs" && apt-get -qq download $names)
}

version=$(deploy/tree.sh --machine "$machine" --python "$python" "${without[@]}" "$draft/tree")
name=lampd-$version-$machine-py$python
[ ! -d "$out" ] || out=$out/$name.tar
mkdir -p "$draft/$name/debs"
cp -r deploy/install.sh deploy/install.d "$draft/$name"
cp -r systemd "$draft/$name"
if [ "$debs" ]; then
    cp "$debs"/*.deb "$draft/$name/debs"
else
    echo "bundle $version: PortAudio's packages ..." >&2
    fetch_debs
fi
cat >"$draft/$name/contents" <<END
version=$version
machine=$machine
python=$python
unpacked_kb=$(du -sk "$draft/tree" | cut -f 1)
END
echo "bundle $version: packing $(du -sm "$draft/tree" | cut -f 1) MB ..." >&2
steady=(--sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct 2>/dev/null || echo 0)")
# beyond -1 it takes many times as long for a twentieth less
tar -c "${steady[@]}" -C "$draft/tree" "$version" | xz -T0 -1 >"$draft/$name/release.tar.xz"
[ -z "$key" ] || ssh-keygen -y -f "$key" | cut -d ' ' -f 1,2 >"$draft/$name/signer.pub"
(cd "$draft/$name" && find . -type f -print0 | sort -z | xargs -0 sha256sum) >"$draft/sums"
mv "$draft/sums" "$draft/$name/SHA256SUMS"
[ -z "$key" ] || ssh-keygen -Y sign -q -n lampd -f "$key" "$draft/$name/SHA256SUMS" 2>/dev/null
tar -c "${steady[@]}" -C "$draft" -f "$out" "$name"
echo "$out: $(du -m "$out" | cut -f 1) MB, lampd $version for $machine and Python $python${key:+, signed}"
