#!/usr/bin/env bash
# Builds a release: the tree that lies in /opt/lampd/releases/VERSION on a board, in FOLDER/VERSION, of this checkout
# and of what board.lock pins; for another processor too, where there is uv. Prints VERSION.
# Usage: deploy/tree.sh [--machine aarch64|x86_64] [--python 3.13] [--without PACKAGE]... [--version] FOLDER
#   --version    print VERSION and build nothing
set -euo pipefail
umask 022
cd "$(dirname "$0")/.."
machine=$(uname -m) python='' without='' folder='' only_version=''
while [ $# -gt 0 ]; do
    case $1 in
    --machine) machine=$2 && shift ;;
    --python) python=$2 && shift ;;
    --without) without+=" $2" && shift ;;
    --version) only_version=yes ;;
    *) folder=$1 ;;
    esac
    shift
done
UV=${UV-$(command -v uv || true)}
python=${python:-$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')}
draft=$(mktemp -d)
trap 'rm -rf "$draft"' EXIT

install() {
    if [ "$UV" ]; then
        # 2.34: lgpio's; Debian 12 has 2.36
        "$UV" pip install --quiet --link-mode copy --no-deps --only-binary :all: \
            --python-platform "$machine-manylinux_2_34" --python-version "$python" "$@"
    else
        "python$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: "$@"
    fi
}

# the version is that of lampd/__init__.py; between two tags, with the commit; with what was changed since, if it was
mkdir "$draft/source"
cp -r lampd config hardware systemd pyproject.toml README.md deploy/install.sh deploy/install.d deploy/board.lock "$draft/source"
find "$draft/source" -name __pycache__ -prune -exec rm -r {} +
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' lampd/__init__.py)
if [ -e .git ] && ! git describe --exact-match --dirty=. --tags >/dev/null 2>&1; then
    version+=+g$(git rev-parse --short=7 HEAD)
    if [ "$(git status --porcelain -- lampd config hardware systemd pyproject.toml README.md deploy)" ]; then
        version+=.$(cd "$draft/source" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c -7)
    fi
fi
if [ "$only_version" ]; then
    echo "$version"
    exit
fi
sed -i "s/^__version__ = .*/__version__ = \"$version\"/" "$draft/source/lampd/__init__.py"

release=$folder/$version
site=$release/lib/python$python/site-packages
[ ! -e "$release" ] || { echo "tree: $release is there already" >&2 && exit 1; }
mkdir -p "$site" "$release/bin"
awk -v without="$without " '/^[a-z]/ { split($1, part, "=="); left_out = index(without, " " part[1] " ") } !left_out' \
    deploy/board.lock >"$draft/lock"
echo "release $version: what board.lock pins ..." >&2
install --require-hashes --target "$site" --requirement "$draft/lock"
echo "release $version: lampd ..." >&2
install --require-hashes --target "$draft/build" --requirement deploy/build.lock
(cd "$draft/source" && PYTHONPATH=$draft/build python3 -m hatchling build --target wheel --directory "$draft") \
    >/dev/null 2>&1
install --target "$site" "$draft"/lampd-*.whl
# what is for building with them and for testing them
rm -rf "$site"/{bin,lib64,share,torch/include,torch/share}
find "$site" \( -name tests -o -name __pycache__ \) -type d -prune -exec rm -r {} +

# a virtual environment is no more than this; its scripts know their release, so that none mixes two
printf 'home = /usr/bin\ninclude-system-site-packages = false\nversion = %s\n' "$python" >"$release/pyvenv.cfg"
ln -s "/usr/bin/python$python" "$release/bin/python"
while read -r name entry; do
    cat >"$release/bin/$name" <<END
#!/opt/lampd/releases/$version/bin/python
import sys
from lampd.cli.main import $entry
if __name__ == "__main__":
    sys.exit($entry())
END
    chmod +x "$release/bin/$name"
done <<<"lampd daemon
lampctl main"
cp -r systemd deploy/shell deploy/install.sh deploy/install.d "$release"
sed -f systemd/instance.sed systemd/lampd.service >"$release/systemd/lampd@.service"
echo "$version"
