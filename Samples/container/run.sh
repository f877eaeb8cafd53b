#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a component in a container. It needs two things: the socket, and a token.
#
#     podman build --tag robot --file Samples/container/Containerfile Samples
#     SVCUID=$(reprieve token com.example.Robot) && export SVCUID   # keep it; the daemon knows it
#     Samples/container/run.sh robot
#
#     run.sh [OPTION OF podman run ...] IMAGE [COMMAND ...]           CONTAINER_RUNTIME=docker
#
# A container's processes belong to no service that the broker can see, and their claims are not
# believed, not even root's. So the token gives the component its name.

set -eu
: "${SVCUID:?set it to a token, by reprieve token NAME}"
export SVCUID

# The socket, and not its directory: the control socket is there too, and a container's root might
# open it. It stays the same socket when the daemon is restarted, since systemd holds it
# (reprieved.socket); without systemd, run the container again after a restart.
socket=${AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT:-/run/reprieve/ipc.socket}
inside=/run/reprieve/ipc.socket
exec "${CONTAINER_RUNTIME:-podman}" run --rm --volume "$socket:$inside" --env SVCUID \
    --env "AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT=$inside" "$@"
