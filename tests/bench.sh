#!/usr/bin/env bash
# Measures how fast and how small the product is, in one run, and prints a table.
#
#   tests/bench.sh [--out FILE]
#
#   --out FILE   where the table goes, too (default: bench.md in the target folder)
#
# Builds release binaries, prepares a core with the embedded directory and one with a Samba domain (which needs root) in
# a temporary folder, starts each when it is measured, and ends and removes everything. Loopback only; every load is
# bounded in number and time, the whole in twenty minutes after the build, most of them for a million messages. A busy
# machine makes figures worse: run it on a quiet one. What the figures were is told in docs/performance.md.
set -euo pipefail
umask 077
cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/.."
exec </dev/null

target=${CARGO_TARGET_DIR:-$PWD/target}
out=$target/bench.md base=27443

while (($#)); do
  case $1 in
    --out)
      (($# > 1)) || set -- --help
      out=$(realpath -m "$2")
      shift
      ;;
    *)
      sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}" >&2
      exit 2
      ;;
  esac
  shift
done

step() { printf '== %s\n' "$*" >&2; }

state=$(mktemp -d -t sallyport-bench-XXXXXX)
memory=$(mktemp -d -p /dev/shm sallyport-bench-XXXXXX) # files that nothing has to be waited for
measuring=
# Ends what was started: `timeout` passes the signal on to all that it runs.
end() {
  if [[ $measuring ]]; then
    kill -TERM "$measuring" 2>/dev/null || true
    wait "$measuring" || true
  fi
  [[ ! -e $state/samba/dc/etc/smb.conf ]] || deploy/samba/dc.sh stop "$state/samba/dc"
  rm -rf --one-file-system "$state" "$memory"
}
trap end EXIT
trap 'exit 1' INT TERM HUP

step "build"
umask 022
cargo build --release --locked --quiet -p core-api -p portal -p selfdestruct # by themselves, exactly as they are shipped
cargo build --release --locked --quiet -p bench
cargo build --release --locked --quiet -p directory --example floor
cargo build --release --locked --quiet -p selfdestruct --example commits --example shrink

step "single functions"
rm -rf "$target/criterion" # results of functions that are gone
cargo bench --locked --quiet -p seal --bench open -p domain --bench rules -- \
  --warm-up-time 1 --measurement-time 3 --noplot >"$state/criterion.log" 2>&1 ||
  { cat "$state/criterion.log" >&2 && exit 1; }
umask 077

step "prepare"
prepare() {
  mkdir "$state/$1"
  deploy/demo/prepare.sh "$state/$1" "$1" "$target/release/core-api" \
    "$2" "$(($2 + 1))" "$(($2 + 3))" "$(($2 + 4))" "$(($2 + 10))" "$(($2 + 11))" "$(($2 + 12))" \
    >"$state/$1/people.txt"
}
prepare embedded "$base"
prepare samba "$((base + 20))"
# An app's code is good once in 30 s. With one proof, and that by mail, resets can follow one another.
sed -i 's/^steps = .*/steps = [["totp", "email-code"]]/' "$state/samba/core-api.toml"

step "measure"
timeout --kill-after=10 1200 "$target/release/bench" --binaries "$target/release" \
  --embedded "$state/embedded" --embedded-base "$base" --samba "$state/samba" --samba-base "$((base + 20))" \
  --floor "$target/release/examples/floor" --examples "$target/release/examples" \
  --pair deploy/demo/pair.sh --in-memory "$memory" --criterion "$target/criterion" --out "$out" &
measuring=$!
status=0
wait "$measuring" || status=$?
measuring=
if ((status)); then
  tail -n 5 "$state"/*/log/*.log >&2 || true
  exit "$status"
fi
