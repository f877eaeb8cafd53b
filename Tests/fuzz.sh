#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Feeds the trust boundaries with whatever libFuzzer thinks of, and stops at the first broken
# promise, whose input it keeps and names.
#
#   Tests/fuzz.sh [SECONDS [TARGET...]]    for so long each (60), all targets by default
#   REPRIEVE_INPUT=FILE Tests/fuzz.sh 1 TARGET    plays one kept input again
#
# The targets: frames, payloads, peers, files. What it learns stays in .build/fuzz/corpus.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-60}
shift || true
[ $# -gt 0 ] || set -- frames payloads peers files

REPRIEVE_FUZZ=yes swift build -c release --sanitize fuzzer --scratch-path .build/fuzz --product fuzz
fuzz=$(swift build -c release --scratch-path .build/fuzz --show-bin-path)/fuzz

for target in "$@"; do
    corpus=.build/fuzz/corpus/$target
    mkdir -p "$corpus"
    printf '\n== %s, %s s\n' "$target" "$seconds"
    REPRIEVE_FUZZ=$target "$fuzz" -max_total_time="$seconds" -max_len=2048 -timeout=10 \
        -rss_limit_mb=1024 -verbosity=0 -print_final_stats=1 \
        -artifact_prefix=".build/fuzz/$target-" "${REPRIEVE_INPUT:-$corpus}"
done
