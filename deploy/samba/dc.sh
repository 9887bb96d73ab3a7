#!/usr/bin/env bash
# A Samba Active Directory domain controller for the demo and the tests, thrown away when they are done.
#
#   dc.sh up DIR IP [HOST] [REALM]   make a domain in DIR (which must not exist) and start it on IP; defaults: dc1, CORP.EXAMPLE
#   dc.sh populate DIR [OPTION...]   people, groups, policies and the service account; again: puts them back as they were
#   dc.sh start|stop DIR             start it again, stop it
#   dc.sh down DIR                   stop it and remove DIR
#
# Everything it writes is under DIR, and it listens on IP only, so any number of domains can stand side by side on
# loopback addresses (127.0.0.10, 127.0.0.11, ...). Its ports are below 1024: root, or a user namespace of one's own:
#   unshare -Urnm --kill-child sh -c 'ip link set lo up; dc.sh up DIR 127.0.0.10; ...'
# What one needs afterwards: DIR/accounts.json (0600), DIR/tls/ca.pem, DIR/krb5.conf, DIR/etc/smb.conf.
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
python=/usr/bin/python3 # another python3 earlier in PATH would lack the samba modules of the distribution
ports=(53 88 389 464 636)

fail() {
  echo "dc.sh: $*" >&2
  exit 1
}

usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}" >&2
  exit 2
}

# The start time of process $1. Together with the pid it names one process for ever; a pid alone may be reused.
started_at() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  set -- ${stat##*) }
  echo "${20}"
}

# Whether the server that `start` wrote down still runs; sets `pid`, which leads a process group of its own.
running() {
  local since
  [[ -s $dir/server.pid ]] && read -r pid since <"$dir/server.pid" && [[ $(started_at "$pid") == "$since" ]]
}

# Certificate authority and server certificate. Samba's own certificate has no SAN, so verifying clients refuse it.
certificates() {
  local host=$1 domain=$2 tls=$dir/tls
  local p256=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
  (
    umask 077
    openssl req -x509 "${p256[@]}" -days 365 -subj "/CN=$domain test CA" -keyout "$tls/ca.key" -out "$tls/ca.pem"
    openssl req "${p256[@]}" -subj "/CN=$host.$domain" -keyout "$tls/key.pem" -out "$tls/request.pem"
    openssl x509 -req -in "$tls/request.pem" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -CAcreateserial -days 365 \
      -out "$tls/cert.pem" -extfile <(echo "subjectAltName=DNS:$host.$domain,DNS:$domain" && echo "extendedKeyUsage=serverAuth")
  ) 2>"$dir/log/openssl" || fail "no certificates: $(cat "$dir/log/openssl")"
  chmod a+r "$tls/ca.pem"
}

# The whole smb.conf is ours: provisioning would otherwise write one whose later keys point outside DIR.
configuration() {
  local host=$1 realm=$2 ip=$3
  cat >"$dir/etc/smb.conf" <<CONF
[global]
	netbios name = ${host^^}
	realm = $realm
	workgroup = ${realm%%.*}
	server role = active directory domain controller
	server services = ldap cldap kdc dns rpc drepl
	interfaces = $ip/8
	bind interfaces only = yes
	private dir = $dir/private
	state directory = $dir/state
	cache directory = $dir/cache
	lock directory = $dir/lock
	pid directory = $dir/run
	binddns dir = $dir/bind-dns
	ncalrpc dir = $dir/ncalrpc
	winbindd socket directory = $dir/winbindd
	ntp signd socket directory = $dir/ntp
	log file = $dir/log/samba
	tls cafile = $dir/tls/ca.pem
	tls certfile = $dir/tls/cert.pem
	tls keyfile = $dir/tls/key.pem
	# It is thrown away after a crash, so it need not survive one: no fsync, and provisioning takes seconds.
	ldb:nosync = true
[sysvol]
	path = $dir/state/sysvol
[netlogon]
	path = $dir/state/sysvol/${realm,,}/scripts
CONF
  cat >"$dir/krb5.conf" <<CONF
[libdefaults]
	default_realm = $realm
	dns_lookup_kdc = false
	dns_lookup_realm = false
	dns_canonicalize_hostname = false
	rdns = false
[realms]
	$realm = {
		kdc = $ip
		kpasswd_server = $ip
	}
CONF
}

up() {
  (($# >= 1)) || usage
  local ip=$1 host=${2:-dc1} realm=${3:-CORP.EXAMPLE}
  realm=${realm^^}
  [[ ! -e $dir ]] || fail "$dir exists already: 'start' starts the domain that is in it, 'down' removes it"
  (: <>"/dev/tcp/$ip/389") 2>/dev/null && fail "something listens on $ip already: choose another loopback address"
  mkdir -p "$dir"/{etc,tls,log,lock,run,private,state,cache,bind-dns,ncalrpc,winbindd,ntp}
  chmod 0750 "$dir" "$dir/winbindd" "$dir/ntp" # samba insists on these modes for the last two
  certificates "$host" "${realm,,}"
  configuration "$host" "$realm" "$ip"
  "$python" "$here/provision.py" "$dir" "$host" "$realm" "$ip" &>"$dir/log/provision" || {
    tail -n 20 "$dir/log/provision" >&2
    fail "provisioning failed"
  }
  start
}

start() {
  [[ -s $dir/etc/smb.conf ]] || fail "no domain in $dir"
  if running; then return; fi
  local ip port
  ip=$(sed -n 's|^\tinterfaces = \(.*\)/8|\1|p' "$dir/etc/smb.conf")
  setsid samba -s "$dir/etc/smb.conf" --foreground --no-process-group </dev/null &>"$dir/log/server" &
  pid=$!
  echo "$pid $(started_at "$pid")" >"$dir/server.pid"
  for port in "${ports[@]}"; do
    for _ in {1..400}; do
      (: <>"/dev/tcp/$ip/$port") 2>/dev/null && continue 2
      running || break
      sleep 0.05
    done
    tail -n 20 "$dir/log/server" "$dir/log/samba" >&2 || true
    stop
    fail "the server does not listen on $ip port $port"
  done
}

stop() {
  running || return 0
  kill -TERM -- "-$pid" 2>/dev/null || true
  for _ in {1..100}; do
    kill -0 -- "-$pid" 2>/dev/null || break
    sleep 0.05
  done
  kill -KILL -- "-$pid" 2>/dev/null || true
  rm -f "$dir/server.pid"
}

populate() {
  "$python" "$here/populate.py" "$dir" "$@" 2>"$dir/log/populate" || {
    cat "$dir/log/populate" >&2
    fail "populating failed"
  }
}

down() {
  [[ ! -e $dir ]] && return
  [[ -f $dir/etc/smb.conf && -d $dir/private ]] || fail "$dir holds no domain, so it stays"
  stop
  rm -rf --one-file-system "$dir"
}

(($# >= 2)) || usage
verb=$1 dir=$(realpath -m "$2")
shift 2
case $verb in
  up) up "$@" ;;
  start | stop | down) "$verb" ;;
  populate) populate "$@" ;;
  *) usage ;;
esac
