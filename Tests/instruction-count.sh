#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Counts the instructions of one fixed negotiation, and compares them with the number kept in
# Tests/InstructionCount/expected. A timer would be noise on a busy machine; this is not.
# After a change that is meant to cost (or save) something: Tests/instruction-count.sh --update
set -eu
cd "$(dirname "$0")/.."
expected=Tests/InstructionCount/expected
tolerance=5

binary=$(Packaging/build-release.sh --product count-negotiation)/count-negotiation
# Hashing is seeded anew in each process; here it must not be.
counted=$(SWIFT_DETERMINISTIC_HASHING=1 valgrind --tool=callgrind --callgrind-out-file=/dev/null \
    "$binary" 2>&1 | sed -n 's/.*Collected : *\([0-9]*\).*/\1/p')
[ -n "$counted" ] || { echo "callgrind counted nothing" >&2; exit 1; }

if [ "${1:-}" = --update ]; then
    echo "$counted" >"$expected"
    echo "$counted instructions are expected from now on"
    exit
fi

kept=$(cat "$expected")
percent=$(((counted - kept) * 100 / kept))
echo "$counted instructions, $kept expected: $percent %"
if [ "$percent" -gt $tolerance ] || [ "$percent" -lt -$tolerance ]; then
    echo "more than $tolerance % off; if that is meant, run $0 --update" \
        "and say why in the commit" >&2
    exit 1
fi
