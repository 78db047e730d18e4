#!/bin/sh
# The rest of docs/operations.md, on the new machine itself, with the units' ExecStart started by hand, and a bad day.
# Both fronts are tried, Caddy first.
set -eu
home=/srv/service-audit
site=audit.example.com
front="curl --silent --show-error --max-time 20 --cacert /tmp/front.crt --resolve $site:443:127.0.0.1"

say() { printf '\n-- %s\n' "$*"; }
expect() {  # status command...: what the command prints has to be the status.
    wanted=$1; shift
    found=$("$@") || true
    [ "$found" = "$wanted" ] || { echo "expected $wanted, found: $found ($*)"; exit 1; }
    echo "$wanted"
}
status_of() { $front --output /dev/null --write-out '%{http_code}' "$@"; }
too_large() {
    status_of "$@" --header 'Sec-Fetch-Site: same-origin' --header 'Content-Type: application/json' --header Expect: \
        --data-binary @/tmp/large "https://$site/api/v1/session"
}
within() {  # seconds command...
    tries=$1; shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1)); [ $tries -gt 0 ] || { echo "in vain: $*"; exit 1; }
        sleep 1
    done
}
start_unit() {  # as systemd would: its user, its settings, its ExecStart
    command=$(sed -n 's/^ExecStart=//p' "$home/deploy/systemd/$1.service")
    setpriv --reuid=audit --regid=audit --init-groups sh -c \
        "cd $home; set -a; . /etc/service-audit/environment; set +a; exec $command" >> "/var/log/$1.log" 2>&1 &
}

say "database and bell"
mount -t tmpfs tmpfs /run && mkdir -p /run/postgresql && chown postgres /run/postgresql
cluster=$(pg_lsclusters --no-header | cut --delimiter=' ' --fields=1)
pg_ctlcluster "$cluster" main start
redis-server --daemonize yes --save '' >/dev/null
password=$(openssl rand -hex 32)
runuser --user postgres -- env AUDIT_PASSWORD="$password" "$home/deploy/postgresql/make_role.sh"
runuser --user postgres -- env AUDIT_PASSWORD="$password" "$home/deploy/postgresql/make_role.sh"

say "settings"
install --directory /etc/service-audit
install --group audit --mode 0640 "$home/deploy/systemd/environment.example" /etc/service-audit/environment
sed --in-place --expression="s/:PASSWORD@/:$password@/" --expression="s/^SECRET_KEY=.*/SECRET_KEY=$(openssl rand -hex 32)/" \
    --expression="s/^VAPID_PRIVATE_KEY=.*/VAPID_PRIVATE_KEY=$("$home/.venv/bin/inspector" vapid-key)/" \
    /etc/service-audit/environment
install --mode 0755 "$home/deploy/inspector.sh" /usr/local/sbin/inspector

say "tables, owner, check"
inspector migrate
inspector create-owner --organization "Northern Lights" --slug northern --email olga@example.com --name "Olga Orlova" | tee /tmp/owner
inspector check

say "services and front"
start_unit service-audit; serving=$!
start_unit service-audit-worker; working=$!
within 60 curl --fail --silent http://127.0.0.1:8000/readyz
# Debian's Caddy is too old for one line of the file, so that line alone is not tried; it makes the certificate itself.
grep --invert-match request_buffers "$home/deploy/caddy/Caddyfile" \
    | sed '0,/^{$/s//{\n\tlocal_certs\n\tskip_install_trust/' > /tmp/Caddyfile
SITE=$site XDG_DATA_HOME=/tmp/caddy caddy start --config /tmp/Caddyfile --adapter caddyfile 2>/tmp/caddy.log
within 30 test -s /tmp/caddy/caddy/pki/authorities/local/root.crt
cp /tmp/caddy/caddy/pki/authorities/local/root.crt /tmp/front.crt
within 30 $front --fail --output /dev/null "https://$site/healthz"
expect 200 status_of "https://$site/readyz"
expect 404 status_of "https://$site/metrics"
expect 200 status_of "https://$site/phone/"
$front --head "https://$site/phone/" | grep --ignore-case '^strict-transport-security: max-age='
expect 200 curl --silent --output /dev/null --write-out '%{http_code}' http://127.0.0.1:8000/metrics
login="{\"email\": \"olga@example.com\", \"password\": \"$(sed 's/.*Password: //' /tmp/owner)\"}"
expect 200 status_of --cookie-jar /tmp/jar --header 'Sec-Fetch-Site: same-origin' --json "$login" "https://$site/api/v1/session"
grep --quiet "TRUE.*audit" /tmp/jar
expect 200 status_of --cookie /tmp/jar --location "https://$site/"
head --bytes=34M /dev/zero > /tmp/large
expect 413 too_large

say "nginx takes its file too"
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj "/CN=$site" -keyout /tmp/key.pem -out /tmp/cert.pem 2>/dev/null
sed "s#/etc/letsencrypt/live/$site/fullchain.pem#/tmp/cert.pem#; s#/etc/letsencrypt/live/$site/privkey.pem#/tmp/key.pem#" \
    "$home/deploy/nginx/service-audit.conf" > /etc/nginx/sites-enabled/service-audit
caddy stop 2>/dev/null
rm --force /etc/nginx/sites-enabled/default
nginx -t 2>&1 | tail --lines=1
nginx
cp /tmp/cert.pem /tmp/front.crt
within 10 $front --insecure --fail --output /dev/null "https://$site/healthz"
expect 404 status_of --insecure "https://$site/metrics"
expect 200 status_of --insecure --cookie /tmp/jar --location "https://$site/"
expect 413 too_large --insecure
if grep --quiet 'olga' /var/log/service-audit.log; then echo "personal data in the log"; exit 1; fi

say "backup"
inspector backup /var/lib/service-audit/backups/today.backup | head --lines=1

say "a bad day: Redis away, the database away"
redis-cli shutdown nosave || true
expect 200 curl --silent --output /dev/null --write-out '%{http_code}' http://127.0.0.1:8000/readyz
inspector check | grep 'Redis cannot be reached'
redis-server --daemonize yes --save '' >/dev/null
pg_ctlcluster "$cluster" main stop --mode fast
expect 503 curl --silent --output /dev/null --write-out '%{http_code}' http://127.0.0.1:8000/readyz
expect 200 curl --silent --output /dev/null --write-out '%{http_code}' http://127.0.0.1:8000/healthz
pg_ctlcluster "$cluster" main start
within 30 curl --fail --silent --output /dev/null http://127.0.0.1:8000/readyz
kill -0 $serving
kill -0 $working

say "an upgrade, to the same release"
git -C "$home" pull --quiet
make --directory="$home" install
inspector migrate
kill -TERM $serving $working
wait $serving
wait $working
start_unit service-audit; serving=$!
start_unit service-audit-worker; working=$!
within 60 curl --fail --silent --output /dev/null http://127.0.0.1:8000/readyz
inspector check

say "a new machine: restore"
kill -TERM $serving $working
wait $serving
wait $working
runuser --user postgres -- dropdb audit
runuser --user postgres -- env AUDIT_PASSWORD="$password" "$home/deploy/postgresql/make_role.sh"
inspector restore /var/lib/service-audit/backups/today.backup | tail --lines=1
inspector check
nginx -s quit
pg_ctlcluster "$cluster" main stop --mode fast
redis-cli shutdown nosave || true
say "done"
