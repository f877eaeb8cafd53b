#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A component in shell: a printer that is busy for some seconds, and says so.
#
#     Samples/shell-component/component.sh [NAME [SECONDS]]
#
# It needs the command `reprieve` in PATH, which starts it again for each notice. Its exit code is
# the answer. To make it yours, change what follows `notice)` and `outcome)`.

say() { echo "[$NAME] $*" >&2; }

case ${REPRIEVE_EVENT:-} in
notice)
    left=$((BUSY_UNTIL - $(date +%s)))
    if [ "$left" -gt 0 ]; then
        say "an update wants to start: not now, I am printing"
        echo "${left}s printing" # ask me again then
        exit 75
    fi
    say "an update wants to start: I am ready"
    ;;
outcome)
    say "the update is over: $REPRIEVE_OUTCOME"
    ;;
*)
    export NAME="${1:-com.example.Printer}"
    export BUSY_UNTIL=$(($(date +%s) + ${2:-0}))
    exec reprieve listen --component "$NAME" --exec "$0"
    ;;
esac
