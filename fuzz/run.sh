#!/usr/bin/env bash
# Fuzzes: `fuzz/run.sh [SECONDS [TARGET...]]`, by default every target for two minutes. See README.md beside this file.
set -euo pipefail
cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/.."

seconds=${1:-120}
targets=("${@:2}")
((${#targets[@]})) || targets=(read_push content envelope drop_box core_request)

cargo fuzz --version >/dev/null 2>&1 || cargo install cargo-fuzz --locked
export RUSTC_BOOTSTRAP=1 # the sanitizer is not in the stable compiler yet
for target in "${targets[@]}"; do
  printf '\n== fuzz %s for %s s\n' "$target" "$seconds"
  mkdir -p "fuzz/runs/$target"
  # What is found goes to the first folder; the second is only read.
  cargo fuzz run "$target" "fuzz/runs/$target" "fuzz/corpus/$target" -- \
    -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1
done
