#!/bin/sh
# The image that Dockerfile describes, built and run where no engine runs. $1: a folder for its layers. See README.md here.
set -eu
folder=${1:?"name a folder for the image's layers"}
checkout=$(cd "$(dirname "$0")/../.." && pwd)
base=docker.io/library/debian:bookworm-slim
image=localhost/service-audit

say() { printf '\n== %s\n' "$*"; }
build() { buildah --root "$folder/layers" --runroot "$folder/run" --storage-driver vfs "$@"; }
in_it() { build run --isolation chroot --env SECRET_KEY="only tried here, and a secret to nobody" --env PORT=8957 "$container" -- "$@"; }

if ! build inspect --type image "$base" >/dev/null 2>&1; then
    say "a bare Debian in the place of the image that a registry has"
    debootstrap --variant=minbase --include=ca-certificates bookworm "$folder/debian"
    # Where this machine reaches packages in a way of its own, so must the image.
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$folder/debian/usr/local/share/ca-certificates/" \;
    chroot "$folder/debian" update-ca-certificates
    bare=$(build from scratch)
    build add "$bare" "$folder/debian"
    build config --env PIP_CERT=/etc/ssl/certs/ca-certificates.crt --cmd /bin/sh "$bare"
    build commit --rm "$bare" "$base"
fi

say "the image"
rm -rf "$folder/checkout"
git clone --quiet "$checkout" "$folder/checkout"
build bud --isolation chroot --pull-never --format docker --tag "$image" "$folder/checkout"

say "who runs in it, and where he may write"
container=$(build from --pull-never "$image")
trap 'build rm "$container" >/dev/null' EXIT
test "$(in_it id --user)" = 10001
in_it sh -c '! touch /srv/service-audit/mine 2>/dev/null && touch /data/mine && rm /data/mine'

say "the service"
# shellcheck disable=SC2046 # The words of the command are words here too.
all='{{range .OCIv1.Config.Entrypoint}}{{.}} {{end}}{{range .OCIv1.Config.Cmd}}{{.}} {{end}}'
set -- $(build inspect --type image --format "$all" "$image")
in_it "$@" &
until in_it .venv/bin/python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8957/healthz', timeout=4)" 2>/dev/null; do
    kill -0 $! || { echo "the service ended"; exit 1; }
    sleep 2
done
kill -TERM $!
wait $! || true
say "the image works"
