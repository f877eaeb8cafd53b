#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Three components hold back an update: one in Swift, one in plain Python, and one that was written
# for AWS IoT Greengrass, on AWS's own SDK. Installs and builds what it needs, and leaves nothing
# running. Exits with 0 if everything went as it should.
#
#     Samples/demo.sh [DIRECTORY]    builds nothing if the programs are in DIRECTORY
#     Samples/demo.sh --installed    as root, at the daemon of the installed package, with the
#                                    components that need no build: in plain Python and in shell

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=Tests/Tools/prepare.sh
. Tests/Tools/prepare.sh

# Python would write each line in two parts.
unset PYTHONUNBUFFERED

prepare() {
    components=(com.example.Camera com.example.Robot com.example.Till)
    install_packages python3 python3-venv
    if ! make_venv; then
        echo "The AWS SDK cannot be installed: the demo goes on without it." >&2
        unset 'components[2]'
    fi
    [ -z "$bin" ] || return 0
    need_swift
    install_packages libsystemd-dev
    say "Building (the first time takes a minute or two)"
    swift build --quiet
    bin=$(swift build --show-bin-path)
}

if [ "${1:-}" = --installed ]; then
    components=(com.example.Robot com.example.Printer)
    reprieve() { command reprieve "$@"; }
else
    bin=${1:-}
    prepare
    reprieve() { "$bin/reprieve" "$1" --control-socket "$directory/control.socket" "${@:2}"; }
fi

directory=$(mktemp -d /tmp/reprieve-demo.XXXXXX)
pids=()
tokens=()

# Ends what was started, and waits for it, so that nothing is left.
clean_up() {
    trap '' INT TERM
    local index
    # The broker, which was the first, goes last, so that no component misses it.
    for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
        kill "${pids[index]}" 2>/dev/null || true
        wait "${pids[index]}" || true
    done
    exec 3>&-
    wait
    for name in "${tokens[@]}"; do reprieve token --revoke "$name"; done
    rm -rf "$directory"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# What the components say is shown and kept, to see at the end that everyone has heard everything.
exec 3> >(trap '' INT && exec tee "$directory/said")

start() {
    "$@" >&3 2>&1 3>&- &
    pids+=($!)
}

# wait_until SECONDS COMMAND...: whether the command succeeds in time.
wait_until() {
    local end=$((SECONDS + $1))
    until "${@:2}"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

everyone_is_here() {
    local name status
    status=$(reprieve status --json 2>/dev/null) || return 1
    for name in "${components[@]}"; do
        case $status in *"\"component\":\"$name\""*) ;; *) return 1 ;; esac
    done
}

everyone_has_heard() {
    [ "$(grep -c 'the update is over' "$directory/said")" -eq ${#components[@]} ]
}

start_all() {
    say "Starting the broker and ${#components[@]} components"
    export AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT=$directory/ipc.socket
    start "$bin/reprieved" --runtime-directory "$directory" --state-directory "$directory/state"
    wait_until 10 test -S "$directory/control.socket"
    start "$bin/sample-component" com.example.Camera 7
    start /usr/bin/python3 Samples/python-component/component.py com.example.Robot 4
    if [ ${#components[@]} -eq 3 ]; then
        SVCUID=com.example.Till start "$VENV/bin/python" Samples/aws-sdk-component/component.py
    fi
}

# In whichever unit this runs, a component has the name of its token.
start_with_tokens() {
    say "Starting ${#components[@]} components"
    local robot printer
    tokens=("${components[@]}")
    robot=$(reprieve token com.example.Robot)
    printer=$(reprieve token com.example.Printer)
    SVCUID=$robot start Samples/python-component/component.py com.example.Robot 4
    SVCUID=$printer start Samples/shell-component/component.sh com.example.Printer 7
}

if [ "${1:-}" = --installed ]; then start_with_tokens; else start_all; fi
if ! wait_until 20 everyone_is_here; then
    echo "Not all components are there." >&2
    exit 1
fi

say "An update of the nucleus: reprieve gate --restarts-nucleus -- COMMAND"
(
    sleep 2
    say "Meanwhile, who is waited for? reprieve status"
    reprieve status
    echo
) 3>&- &
pids+=($!)
require=()
for name in "${components[@]}"; do require+=(--require "$name"); done
# shellcheck disable=SC2016  # the command's own shell is to put its variables in
reprieve gate --deployment-id demo --reason "nucleus 2.13.0" --restarts-nucleus --deadline 40s \
    "${require[@]}" -- sh -c '
        echo "[the update] I run: the gate opened by $REPRIEVE_BASIS"
        sleep 1
        echo "[the update] I am done"' \
    2>&1 3>&- | sed -u '/^\[/!s/^/[reprieve gate] /'

if ! wait_until 5 everyone_has_heard; then
    echo "Not everyone has heard how it ended." >&2
    exit 1
fi
say "That is all: everyone was asked, the update waited, and everyone knows how it ended"
