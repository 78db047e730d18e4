#!/bin/sh
# A bare Debian 12 in the folder $1, and in it all that README.md and docs/operations.md tell a person to do. See README.md here.
set -eu
machine=${1:?"name a folder for the new machine"}
checkout=$(cd "$(dirname "$0")/../.." && pwd)
tests=${TESTS:-"tests/checklists/test_scope.py tests/inspector/test_phone_app.py tests/stories/test_review_by_keyboard.py"}

say() { printf '\n== %s\n' "$*"; }
there() {
    chroot "$machine" /usr/bin/env --ignore-environment PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        HOME=/root LANG=C.UTF-8 PIP_CERT=/etc/ssl/certs/ca-certificates.crt "$@"
}

if [ ! -e "$machine/etc/debian_version" ]; then
    say "a bare Debian"
    debootstrap --variant=minbase --include=python3,python3-venv,make,git,ca-certificates bookworm "$machine"
    # Where this machine reaches packages in a way of its own, so must the new one.
    cp /etc/resolv.conf "$machine/etc/"
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$machine/usr/local/share/ca-certificates/" \;
    there update-ca-certificates
fi
mountpoint --quiet "$machine/proc" || mount --bind /proc "$machine/proc"
mountpoint --quiet "$machine/dev" || mount --rbind /dev "$machine/dev"
rm -rf "$machine/root/service-audit" "$machine/root/service-audit.git"
git clone --quiet --bare "$checkout" "$machine/root/service-audit.git"
there git clone --quiet /root/service-audit.git /root/service-audit

say "make run"
there make --directory=/root/service-audit run PORT=8955 &
until there python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8955/readyz')" 2>/dev/null; do
    kill -0 $! || { echo "make run ended"; exit 1; }
    sleep 2
done
kill -TERM $!
wait $! || true

say "make test, of which these: $tests"
there PYTEST_ADDOPTS="$tests" make --directory=/root/service-audit test

say "the production recipe"
there sh /root/service-audit/tests/newmachine/packages.sh
# In a network of its own, so that its ports disturb nobody here.
unshare --net sh -c "ip link set lo up && exec chroot '$machine' sh /root/service-audit/tests/newmachine/production.sh"
say "all of it works"
