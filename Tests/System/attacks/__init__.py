# SPDX-License-Identifier: Apache-2.0
"""Attacks by unprivileged local users, each a function with a sentence on what it tries."""

from attacks import connections, frames, negotiation, sockets  # noqa: F401, each defines attacks
from attacks.attack import ATTACKS

__all__ = ["ATTACKS"]
