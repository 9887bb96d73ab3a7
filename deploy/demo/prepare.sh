#!/usr/bin/env bash
# Lays out what the demo's servers need, or finds it there: certificates, directory, configuration, people.
#
#   prepare.sh DIR embedded|samba CORE_API PORTAL SITE CORE SYNC CORE_HEALTH PORTAL_HEALTH SITE_HEALTH
#
# The last seven are ports. Prints the people as a table. Afterwards DIR holds core-api.toml, portal.toml,
# selfdestruct.toml, pki/, people.json, mail/ and log/, and with samba a running domain controller in dc/. Nothing else
# runs. Secrets have mode 0600. Core and site do not know each other yet: pair.sh sees to that.
set -euo pipefail
umask 077

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
(($# == 10)) || {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}" >&2
  exit 2
}
state=$1 kind=$2 core_api=$3 portal_port=$4 site_port=$5 core_port=$6 sync_port=$7
core_health=$8 portal_health=$9 site_health=${10}
dc=$here/../samba/dc.sh

fail() {
  echo "prepare.sh: $*" >&2
  exit 1
}

# A private authority, and a certificate for each end of each link; later starts renew what is due.
certificates() {
  [[ -s pki/root.pem ]] || "$core_api" pki init pki --name "Sallyport demo"
  cp pki/root.pem pki/ca.pem
  certificate core core core.localhost,127.0.0.1
  certificate web web portal.localhost
  certificate site web site.localhost
  certificate client client tools.localhost
  local made=(pki/core pki/web pki/site pki/client)
  [[ ! -s pki/portal.pem ]] || made+=(pki/portal)
  "$core_api" pki renew pki "${made[@]}"
}

certificate() {
  [[ -s pki/$1.pem ]] || "$core_api" pki issue pki --role "$2" --san "$3" --out "pki/$1"
}

# The first loopback address on which nobody serves LDAP.
free_address() {
  local last
  for last in {10..250}; do
    (: <>"/dev/tcp/127.0.0.$last/389") 2>/dev/null || {
      echo "127.0.0.$last"
      return
    }
  done
  fail "something serves LDAP on every loopback address from 127.0.0.10 on"
}

# Of what deploy/samba wrote down: the value at a path such as service.password. Samba brings this Python along.
known() {
  /usr/bin/python3 -c 'import functools, json, sys
print(functools.reduce(lambda of, key: of[key], sys.argv[1].split("."), json.load(open("dc/accounts.json"))))' "$1"
}

domain() {
  if [[ -e dc/complete ]]; then
    "$dc" start dc
  else
    # Whatever is there is left from a start that was cut short.
    [[ ! -e dc ]] || { "$dc" stop dc && rm -rf --one-file-system dc; }
    "$dc" up dc "$(free_address)"
    # A password may be changed as often as one likes: waiting a day would be in the way of trying.
    "$dc" populate dc --min-password-age 0
    touch dc/complete
  fi
  known service.password >bind-password
}

directory_section() {
  if [[ $kind == embedded ]]; then
    echo 'kind = "embedded"'
    return
  fi
  cat <<TOML
kind = "active-directory"
domain = "corp.example"
netbios = "$(known netbios)"
base_dn = "OU=People,$(known base_dn)"
controllers = ["$(known host)=$(known ip)"]
bind_user = "$(known service.upn)"
bind_password_file = "bind-password"
ca_file = "dc/tls/ca.pem"
TOML
}

core_configuration() {
  cat <<TOML
# Written by deploy/demo.sh at each start. What every key means: deploy/config/core-api.example.toml
data_dir = "core"
organisation = "Corp Example"
demo = true

[health]
listen = "127.0.0.1:$core_health"

[api]
listen = "127.0.0.1:$core_port"
sources = ["127.0.0.0/8"]
cert_file = "pki/core.pem"
key_file = "pki/core.key"
client_ca_file = "pki/root.pem"

[[api.peer]]
san = "portal.localhost"
role = "portal"
origin = "https://portal.localhost:$portal_port"

[[api.peer]]
san = "tools.localhost"
role = "client"

[pki]
issuer_cert_file = "pki/issuing.pem"
issuer_key_file = "pki/issuing.key"

[[directory]]
$(directory_section)

# A real installation makes a new factor wait for a day, and takes the usual limits. Here they would be in the way.
[recovery]
hold = "0s"
own_mail_domains = ["corp.example"]

[recovery.limits]
codes_an_hour = 1000
codes_a_day = 1000
codes_to_destination_an_hour = 1000
wrong_tries_a_day = 100
begun_by_source_an_hour = 10000
begun_by_identifier_an_hour = 1000
actions_a_day = 1000

[[recovery.policy]]
name = "staff"
groups = ["CN=Staff,OU=Groups,DC=corp,DC=example"]
actions = ["unlock", "reset", "change"]
steps = [["totp", "recovery-code"], ["email-code"]]

[passwords]
words = ["sallyport"]

[[site]]
name = "demo"
sync_url = "https://127.0.0.1:$sync_port"
public_origin = "https://site.localhost:$site_port"
public_address = "127.0.0.1:$site_port"
public_ca_file = "pki/root.pem"
phone = "+49 30 1234"
mail = "help@corp.example"

[mail]
transport = "file"
directory = "mail"
from = "Corp Example <reset@corp.example>"
helpdesk = "+49 30 1234 or help@corp.example"
TOML
}

portal_configuration() {
  local banner=no-directory
  [[ $kind == embedded ]] || banner=test-domain
  cat <<TOML
# Written by deploy/demo.sh at each start. What every key means: deploy/config/portal.example.toml
public_origin = "https://portal.localhost:$portal_port"

[public]
listen = "127.0.0.1:$portal_port"
cert_file = "pki/web.pem"
key_file = "pki/web.key"
requests_per_minute = 6000
requests_at_once = 2000
connections_at_once = 1000

[core]
link = "forward"
url = "https://127.0.0.1:$core_port"
cert_file = "pki/portal.pem"
key_file = "pki/portal.key"
ca_file = "pki/root.pem"
$(grep '^signing_key = ' pki/portal.enrolled)

[help]
phone = "+49 30 1234"
mail = "help@corp.example"

[portal]
organisation = "Corp Example"
demo_banner = "$banner"

[health]
listen = "127.0.0.1:$portal_health"
TOML
}

site_configuration() {
  cat <<TOML
# Written by deploy/demo.sh at each start. What every key means: deploy/config/selfdestruct.example.toml
data_dir = "site"
keys_dir = "site-keys"

[public]
listen = "127.0.0.1:$site_port"
cert_file = "pki/site.pem"
key_file = "pki/site.key"
requests_per_minute = 6000
requests_at_once = 2000
connections_at_once = 1000

[sync]
listen = "127.0.0.1:$sync_port"
sources = ["127.0.0.0/8"]

[health]
listen = "127.0.0.1:$site_health"
TOML
}

# The portal's certificate, and the core's signing key, which the portal pins.
enrol_portal() {
  [[ ! -s pki/portal.enrolled ]] || return 0
  rm -f pki/portal.pem pki/portal.key
  "$core_api" --config core-api.toml portal enrol portal.localhost --pki pki --out pki/portal >portal.enrolling
  mv portal.enrolling pki/portal.enrolled
}

mkdir -p "$state"
cd "$state"
[[ -e directory.kind ]] || echo "$kind" >directory.kind
[[ $(<directory.kind) == "$kind" ]] ||
  fail "$state holds a demo with the $(<directory.kind) directory; choose another folder"
mkdir -p core log mail
certificates >log/pki.log
people=()
if [[ $kind == samba ]]; then
  domain
  people=(--people dc/accounts.json)
fi
core_configuration >core-api.toml
"$core_api" --config core-api.toml demo prepare "${people[@]}" --out people.json
enrol_portal
portal_configuration >portal.toml
site_configuration >selfdestruct.toml
