#!/usr/bin/env bash
# Starts the whole system on this machine, to try it out.
#
#   demo.sh [--directory embedded|samba] [--state DIR] [--port-base N]
#   demo.sh --stop [--state DIR]
#
#   --directory embedded   made-up accounts in a file; needs neither root nor a domain (default)
#   --directory samba      a real Active Directory domain by Samba on a loopback address; needs root
#   --state DIR            where everything is kept (default: sallyport-demo under ~/.local/state); a second start with
#                          the same folder finds its data again
#   --port-base N          portal on N, site on N+1, core on N+3, the site's sync on N+4, health on N+10 to N+12
#                          (default: 8443, 9443, 7444, 9444, 7490 to 7492)
#   --stop                 ends the demo that runs on DIR
#
# Stays in the foreground; Ctrl-C ends all that it started and nothing else. Tools find everything in DIR/demo.json.
# With TEST_BIN_DIR set it takes the servers from there and neither installs nor builds anything.
set -euo pipefail
umask 077

root=$(dirname "$(realpath "${BASH_SOURCE[0]}")")/..
directory=embedded state=${XDG_STATE_HOME:-$HOME/.local/state}/sallyport-demo stop=
portal_port=8443 site_port=9443 core_port=7444 sync_port=9444 core_health=7490 portal_health=7491 site_health=7492

usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}" >&2
  exit 2
}

fail() {
  echo "demo.sh: $*" >&2
  exit 1
}

say() { printf '%s\n' "$*"; }

# Runs what takes long in such a way that a signal to this script ends it, too.
await() {
  "$@" &
  step=$!
  local status=0
  wait "$step" || status=$?
  step=
  return "$status"
}

while (($#)); do
  case $1 in
    --stop) stop=1 ;;
    --directory | --state | --port-base)
      (($# > 1)) || usage
      case $1 in
        --directory) directory=$2 ;;
        --state) state=$2 ;;
        --port-base)
          [[ $2 =~ ^[1-9][0-9]{0,4}$ ]] && (($2 <= 65523)) || usage
          portal_port=$2 site_port=$(($2 + 1)) core_port=$(($2 + 3)) sync_port=$(($2 + 4))
          core_health=$(($2 + 10)) portal_health=$(($2 + 11)) site_health=$(($2 + 12))
          ;;
      esac
      shift
      ;;
    *) usage ;;
  esac
  shift
done
[[ $directory == embedded || $directory == samba ]] || usage
state=$(realpath -m "$state")

# Processes are written down as "PID START", because a pid alone may be another process later.

started_at() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  set -- ${stat##*) }
  [[ $1 != Z ]] && echo "${20}"
}

write_down() { echo "$2 $(started_at "$2")" >"$state/run/$1"; }

# Whether what was written down under this name still runs; sets `pid`.
runs() {
  local since
  [[ -s $state/run/$1 ]] && read -r pid since <"$state/run/$1" && [[ $(started_at "$pid") == "$since" ]]
}

# Asks it to end, and ends it when it does not listen. Servers drain for up to ten seconds.
end() {
  local name=$1 patience=$2
  if runs "$name"; then
    kill -TERM "$pid" 2>/dev/null || true
    for ((; patience > 0; patience--)); do
      runs "$name" || break
      sleep 0.1
    done
    ! runs "$name" || kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$state/run/$name"
}

end_servers() {
  end portal 120
  end core-api 120
  end selfdestruct 120
  [[ ! -e $state/dc/etc/smb.conf ]] || "$root/deploy/samba/dc.sh" stop "$state/dc"
}

if [[ $stop ]]; then
  [[ -d $state/run ]] || fail "no demo was ever started on $state"
  end demo 400 # it ends its servers itself
  end_servers  # unless it was killed
  say "The demo on $state has ended."
  exit
fi

# What must be there to build and run, as Debian packages.
missing() {
  local package
  if [[ -z ${TEST_BIN_DIR:-} ]]; then
    command -v cc >/dev/null || echo gcc
    [[ -e /usr/include/stdlib.h ]] || echo libc6-dev
  fi
  [[ $directory == samba ]] || return 0
  for package in samba-ad-dc samba-ad-provision samba-dsdb-modules winbind python3-samba openssl; do
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
  done
}

install_missing() {
  local wanted policy=/usr/sbin/policy-rc.d
  mapfile -t wanted < <(missing)
  ((${#wanted[@]})) || return 0
  [[ $EUID == 0 ]] && command -v apt-get >/dev/null ||
    fail "these packages are missing, and only root on Debian can install them: ${wanted[*]}"
  say "Installing ${wanted[*]}"
  await apt-get update -q >"$state/log/apt.log"
  # Samba would start a service when it is installed; this demo starts its own.
  [[ ! -e $policy ]] || policy=
  [[ -z $policy ]] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 0755 "$policy"; }
  local status=0
  umask 022
  DEBIAN_FRONTEND=noninteractive await apt-get install -q -y --no-install-recommends "${wanted[@]}" \
    </dev/null >>"$state/log/apt.log" 2>&1 || status=$?
  umask 077
  [[ -z $policy ]] || rm -f "$policy"
  ((status == 0)) || fail "the installation failed, see $state/log/apt.log"
}

build() {
  binaries=${TEST_BIN_DIR:-}
  if [[ -z $binaries ]]; then
    command -v cargo >/dev/null || fail "cargo is missing: install Rust by https://rustup.rs"
    say "Building; the first time this takes some minutes."
    umask 022
    binaries=$(realpath -m "${CARGO_TARGET_DIR:-$root/target}")/release
    # From there, because cargo looks for its configuration from where it is started.
    await env -C "$root" cargo build --release --locked --target-dir "${binaries%/release}" \
      -p core-api -p portal -p selfdestruct
    umask 077
  fi
  binaries=$(realpath "$binaries")
}

# Starts a server in a session of its own, so that Ctrl-C reaches this script only, which ends them in order. Two arenas
# of the C library's allocator are enough for the core; one for each thread would hold twice the memory.
serve() {
  MALLOC_ARENA_MAX=2 setsid "$binaries/$1" serve --config "$state/$1.toml" </dev/null >>"$state/log/$1.log" 2>&1 &
  servers+=($!)
  write_down "$1" $!
}

# Waits until /readyz on the loopback port says so, without any tool that a bare machine may lack.
await_ready() {
  local name=$1 port=$2 status
  for _ in {1..300}; do
    runs "$name" || break
    status=$(
      exec 2>/dev/null
      exec 3<>"/dev/tcp/127.0.0.1/$port"
      printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
      read -r -t 5 _ code _ <&3 && echo "$code"
    ) || true
    [[ $status != 200 ]] || return 0
    sleep 0.1
  done
  tail -n 5 "$state/log/$name.log" >&2
  fail "$name is not ready, see $state/log/$name.log"
}

# A text as JSON.
json() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

directory_json() {
  if [[ $directory == embedded ]]; then
    printf '{ "kind": "embedded" }'
    return
  fi
  SMB_CONF=$state/dc/etc/smb.conf /usr/bin/python3 -c 'import json, os, sys
known = json.load(open(sys.argv[1]))
print(json.dumps({"kind": "samba", "realm": known["realm"], "dc": known["ip"], "smb_conf": os.environ["SMB_CONF"],
                  "admin_password": known["admin"]["password"]}))' "$state/dc/accounts.json"
}

service_json() {
  local name=$1 port=$2
  runs "$name"
  printf '{ "name": "%s", "pid": %d, "config": %s, "log": %s, "health": "http://127.0.0.1:%d" }' \
    "$name" "$pid" "$(json "$state/$name.toml")" "$(json "$state/log/$name.log")" "$port"
}

write_demo_json() {
  cat >"$state/demo.json.part" <<JSON
{
  "portal": "https://portal.localhost:$portal_port",
  "selfdestruct": "https://site.localhost:$site_port",
  "core_api": "https://core.localhost:$core_port",
  "ca": $(json "$state/pki/ca.pem"),
  "mail_dir": $(json "$state/mail"),
  "client": { "cert": $(json "$state/pki/client.pem"), "key": $(json "$state/pki/client.key") },
  "directory": $(directory_json),
  "accounts": $(<"$state/people.json"),
  "operators": [],
  "services": [
    $(service_json core-api "$core_health"),
    $(service_json portal "$portal_health"),
    $(service_json selfdestruct "$site_health")
  ]
}
JSON
  mv "$state/demo.json.part" "$state/demo.json"
}

mkdir -p "$state/run" "$state/log"
! runs demo || fail "a demo runs on $state already; end it with: demo.sh --stop --state $state"
end_servers # left over from a demo that was killed
servers=() step=
trap 'end_servers; rm -f "$state/run/demo"' EXIT
trap 'say "Ending."; [[ -z $step ]] || kill "$step" 2>/dev/null; exit 0' INT TERM HUP
write_down demo $$
rm -f "$state/demo.json"

install_missing
build
await "$root/deploy/demo/prepare.sh" "$state" "$directory" "$binaries/core-api" \
  "$portal_port" "$site_port" "$core_port" "$sync_port" "$core_health" "$portal_health" "$site_health" \
  >"$state/people.txt"
serve core-api
await_ready core-api "$core_health"
await "$root/deploy/demo/pair.sh" "$state" "$binaries/core-api" "$binaries/selfdestruct"
serve selfdestruct
serve portal
await_ready selfdestruct "$site_health"
await_ready portal "$portal_health"
write_demo_json

cat <<TEXT

  portal          https://portal.localhost:$portal_port   (authority: $state/pki/ca.pem)
  messages        https://site.localhost:$site_port   (one-time messages, shown to people outside)
  core            https://core.localhost:$core_port   (mutual TLS: $state/pki/client.pem, $state/pki/client.key)
  health          /readyz on http://127.0.0.1:$core_health, :$portal_health and :$site_health (core, portal, messages)
  mail            $state/mail, one .eml a message
  for tools       $state/demo.json

$(sed 's/^/  /' "$state/people.txt")

  Invite somebody:  $binaries/core-api --config $state/core-api.toml invite grace
  Send a message:   echo "the secret" | $binaries/core-api --config $state/core-api.toml message send --text-file -

  This is a demo: passwords and secrets stand in its files, a new factor counts at once (really: after a day), and the
  limits on codes, tries and resets are so high that nobody meets them. With --directory embedded no real directory is
  behind it, and nobody signs in with these accounts. Ctrl-C ends it.
TEXT

wait -n "${servers[@]}" || true
fail "a server has ended by itself, see $state/log"
