#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Feeds the trust boundaries with whatever libFuzzer thinks of. A target stops at the first broken
# promise; its input is kept and named.
#
#   Tests/fuzz.sh [SECONDS [TARGET...]]    for so long each (60), all targets by default
#   Tests/fuzz.sh --build    only builds them
#   REPRIEVE_INPUT=FILE Tests/fuzz.sh 1 TARGET    plays one kept input again
#
# Two targets run at a time. What they learn stays in .build/fuzz/corpus.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

TARGETS=(frames payloads peers files crowds texts plans)
export FOLDER=.build/fuzz

# Swift's own report of a crash would take the signal, and libFuzzer would keep no input.
export SWIFT_BACKTRACE=enable=no

fuzz_target() {
    local target=$1 seconds=$2 code=0
    local corpus=$FOLDER/corpus/$target seeds=$FOLDER/seeds/$target log=$FOLDER/$target.log
    mkdir -p "$corpus" "$seeds"
    REPRIEVE_FUZZ=$target REPRIEVE_SEEDS=$seeds "$FUZZ" -max_total_time="$seconds" \
        -max_len=65536 -timeout=60 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
        -artifact_prefix="$FOLDER/$target-" ${REPRIEVE_INPUT:-"$corpus" "$seeds"} \
        >"$log" 2>&1 || code=$?
    printf '%s: %s executions, %s a second, %s inputs in the corpus, ' "$target" \
        "$(statistic number_of_executed_units "$log")" \
        "$(statistic average_exec_per_sec "$log")" "$(find "$corpus" -type f | wc -l)"
    if [ "$code" -eq 0 ]; then
        echo "nothing found"
    else
        echo "found:"
        grep -E "Fatal error|ERROR: libFuzzer|Test unit written" "$log" || tail -n 20 "$log"
        return 1
    fi
}

statistic() { sed -n "s/^stat::$1: *//p" "$2"; }

REPRIEVE_FUZZ=yes swift build -c release --sanitize fuzzer --scratch-path $FOLDER --product fuzz
[ "${1:-}" != --build ] || exit 0

seconds=${1:-60}
shift || true
[ $# -gt 0 ] || set -- "${TARGETS[@]}"
FUZZ=$(swift build -c release --scratch-path $FOLDER --show-bin-path)/fuzz
export FUZZ
export -f fuzz_target statistic
printf '%s\n' "$@" | xargs -P 2 -I{} bash -c "set -euo pipefail; fuzz_target {} $seconds"
