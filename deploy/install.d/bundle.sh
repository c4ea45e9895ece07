# shellcheck shell=bash disable=SC2154
# Whether a bundle is whole, and whose it is; read by install.sh.

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
