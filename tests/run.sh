#!/usr/bin/env bash
# Builds and tests everything, as CI does.
#
#   tests/run.sh         format, lints, scripts, unit, property, snapshot and contract tests, end-to-end scenarios
#   tests/run.sh quick   the same without external servers: no domain, no browser, no mail server
#   tests/run.sh long    the same as without an argument, with many more generated cases per property, and fuzz/run.sh
#                        with FUZZ_SECONDS (default 120) for each target
#
# Installs what is missing if it may (root on Debian); otherwise it names what is missing and stops. Nothing is passed
# over: what cannot run is a failure.
set -euo pipefail
cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/.."
exec </dev/null # nobody is there to answer a question

mode=${1:-main}
case $mode in
  main | quick) ;;
  long) export PROPTEST_CASES=${PROPTEST_CASES:-20000} ;;
  *)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac

step() { printf '\n== %s\n' "$*"; }

fail() {
  echo "tests/run.sh: $*" >&2
  exit 1
}

# A command, and the Debian package that brings it.
declare -A commands=([cc]=gcc [make]=make [node]=nodejs [nft]=nftables [unshare]=util-linux)
# Packages without a command of their own to look for.
packages=()
if [[ $mode != quick ]]; then
  commands+=([openssl]=openssl [samba]=samba-ad-dc [winbindd]=winbind [ldbsearch]=ldb-tools [kinit]=krb5-user
    [chromium]=chromium [chromedriver]=chromium-driver [certutil]=libnss3-tools [ip]=iproute2 [npm]=npm
    [setsid]=util-linux [setpriv]=util-linux [strace]=strace)
  packages=(samba-ad-provision samba-dsdb-modules python3-samba python3-aiosmtpd fonts-liberation)
fi

[[ $mode != long ]] || commands+=([c++]=g++) # the fuzzer is written in it

missing() {
  local command package
  for command in "${!commands[@]}"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "$command" >/dev/null || echo "${commands[$command]}"
  done
  for package in "${packages[@]}"; do
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
  done
}

# Several of these packages start a service when installed. The tests start their own, so none may.
without_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  [[ ! -e $policy ]] || policy=
  [[ -z $policy ]] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"; }
  "$@" || status=$?
  [[ -z $policy ]] || rm -f "$policy"
  return "$status"
}

install_missing() {
  local wanted
  mapfile -t wanted < <(missing)
  ((${#wanted[@]})) || return 0
  [[ $EUID == 0 ]] && command -v apt-get >/dev/null ||
    fail "these packages are missing, and only root can install them: ${wanted[*]}"
  step "install ${wanted[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  without_services apt-get install -q -y --no-install-recommends "${wanted[@]}"
  mapfile -t wanted < <(missing)
  ((${#wanted[@]} == 0)) || fail "still missing after the installation: ${wanted[*]}"
}

install_missing
export PATH=$PATH:/usr/sbin:/sbin
cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 || rustup component add rustfmt clippy
if [[ -n ${CI:-} ]]; then
  export CARGO_INCREMENTAL=0 # every CI build is a first build: keeping what only a second one needs costs time and disk
fi

step "format"
cargo fmt --all --check

step "lints"
cargo clippy --workspace --all-targets --locked -- -D warnings

step "scripts"
mapfile -t scripts < <(find crates/ui/js-tests -name '*.test.*js' | sort)
((${#scripts[@]})) || fail "crates/ui/js-tests holds no tests"
options= # Node before 22 has both, but not by default; Debian 12 brings 18
(($(node -p 'parseInt(process.versions.node)') >= 22)) ||
  options="--experimental-global-webcrypto --experimental-default-type=module"
NODE_OPTIONS=$options node --test "${scripts[@]}"

if [[ $mode == quick ]]; then
  step "tests that need no external server"
  cargo test --workspace --exclude tests --exclude directory --locked --no-fail-fast
  # Of these two packages only the targets that start nothing; the others hold the scenarios and the real domain.
  cargo test --package tests --package directory --locked --no-fail-fast --lib --test embedded --test architecture --test documents
  exit
fi

step "packages of the browser tests"
npm ci --prefix tests/js --no-audit --no-fund

step "examples in the documentation"
cargo test --workspace --locked --doc

step "tests"
cargo build --workspace --locked --examples # one of them is the process that tries to get out of the site's filter
cargo test --workspace --locked --no-fail-fast --lib --bins --tests

if [[ $mode == long ]]; then
  step "fuzz"
  fuzz/run.sh "${FUZZ_SECONDS:-120}"
fi
