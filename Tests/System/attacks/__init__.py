# SPDX-License-Identifier: Apache-2.0
"""Attacks by unprivileged local users, each a function with a sentence on what it tries."""

# Each of them defines attacks.
from attacks import connections, frames, negotiation, processes, sockets, upstream  # noqa: F401
from attacks.attack import ATTACKS

__all__ = ["ATTACKS"]
