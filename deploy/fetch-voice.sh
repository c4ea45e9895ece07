#!/bin/sh
# Downloads facebook/wav2vec2-base-960h (English, 94 million parameters, 378 MB) into the lamp's voices, where there is a
# network. What was downloaded is continued, never begun anew. Usage: fetch-voice.sh [STATE_DIR]
#
#   LAMPD_VOICE_URL    where the files lie, with https:// (another voice's page, or a mirror)
#   LAMPD_VOICE_NAME   what the folder is called (base-960h)
#   LAMPD_VOICE_SHA256 what model.safetensors must be
set -eu

url=${LAMPD_VOICE_URL:-https://huggingface.co/facebook/wav2vec2-base-960h/resolve/main}
name=${LAMPD_VOICE_NAME:-base-960h}
state=${1:-${STATE_DIRECTORY:-/var/lib/lampd}}
folder=$state/voices/$name
draft=$folder.draft

fail() {
    echo "fetch-voice: $*" >&2
    exit 1
}

command -v curl >/dev/null || fail "curl is missing: sudo apt install curl"
mkdir -p "$draft" || fail "$state cannot be written: use sudo, or name another folder"

fetch() {
    # a file that is whole already is no error (416: nothing is left of it)
    curl --fail --location --silent --show-error --retry 3 --connect-timeout 20 --continue-at - \
        --output "$draft/$1.part" "$url/$1" 2>"$draft/said" || {
        code=$?
        if [ "$code" -eq 22 ] && grep -q 416 "$draft/said" && [ -s "$draft/$1.part" ]; then
            :
        else
            cat "$draft/said" >&2
            case $code in
            5 | 6 | 7 | 28 | 35) fail "$url cannot be reached: is there a network? Run this again to go on" ;;
            18 | 56) fail "$1 broke off: run this again to go on" ;;
            *) fail "$url/$1 cannot be had (curl says $code)" ;;
            esac
        fi
    }
    rm -f "$draft/said"
    mv "$draft/$1.part" "$draft/$1"
}

for file in config.json preprocessor_config.json vocab.json model.safetensors; do
    [ -e "$draft/$file" ] || fetch "$file"
    sum=$(sha256sum "$draft/$file" | cut -d ' ' -f 1)
    echo "$sum  $file"
    if [ "$file" = model.safetensors ] && [ -n "${LAMPD_VOICE_SHA256:-}" ] && [ "$sum" != "$LAMPD_VOICE_SHA256" ]; then
        rm "$draft/$file"
        fail "$file is not what was expected ($LAMPD_VOICE_SHA256), and was thrown away"
    fi
done

if [ -e "$folder" ]; then
    # what was prepared from other weights says so itself
    mv "$draft"/* "$folder/" && rmdir "$draft"
else
    mv "$draft" "$folder"
fi
echo "$folder is there. Next: lampctl voice prepare $name; lampctl voice use $name"
