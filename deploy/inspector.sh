#!/bin/sh
# /usr/local/sbin/inspector: the command of the service as its own user with its own settings: inspector check
set -eu
exec setpriv --reuid=audit --regid=audit --init-groups sh -c '
    set -a
    . /etc/service-audit/environment
    exec /srv/service-audit/.venv/bin/inspector "$@"' inspector "$@"
