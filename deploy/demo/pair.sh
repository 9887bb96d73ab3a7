#!/usr/bin/env bash
# Lets core and site know each other, by the two files that an administrator would carry. The core has to run.
#
#   pair.sh DIR CORE_API SELFDESTRUCT
#
# Does nothing where they know each other already.
set -euo pipefail
umask 077

(($# == 3)) || {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}" >&2
  exit 2
}
cd "$1"
core_api=$2 selfdestruct=$3
[[ ! -e site.paired ]] || exit 0
rm -f pairing.json pairing.answer.json # left from a start that was cut short
"$core_api" --config core-api.toml site add demo --out pairing.json >>log/pairing.log
"$selfdestruct" --config selfdestruct.toml pair pairing.json --again --out pairing.answer.json >>log/pairing.log
"$core_api" --config core-api.toml site add demo --answer pairing.answer.json >>log/pairing.log
rm -f pairing.json pairing.answer.json # the first one holds a secret
touch site.paired
