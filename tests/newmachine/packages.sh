#!/bin/sh
# The first steps of docs/operations.md, which need the network: packages, the user, the program.
set -eux
export DEBIAN_FRONTEND=noninteractive
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d  # There is no systemd here: nothing starts by being installed.
chmod +x /usr/sbin/policy-rc.d

apt-get update --quiet=2
apt-get install --yes --quiet=2 git make python3 python3-venv postgresql redis-server nginx openssl curl caddy
useradd --system --home-dir /var/lib/service-audit --shell /usr/sbin/nologin audit
install --directory --owner audit --group audit --mode 0750 /var/lib/service-audit /var/lib/service-audit/backups

git clone --quiet /root/service-audit.git /srv/service-audit
make --directory=/srv/service-audit install
