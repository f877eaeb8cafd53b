# SPDX-License-Identifier: Apache-2.0
"""A daemon that may have few descriptors: who gets how many of them."""

import contextlib
import os
import pathlib
import resource
import select
import signal
import time

import pytest
from daemon import NOBODY, open_elsewhere, open_many_elsewhere
from expect import log_lines, works
from protocol import HungUp

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root connects as other users")


@pytest.fixture(autouse=True)
def many_descriptors():
    """For the clients, which are in this process."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def few(limit, hard=None):
    return ["prlimit", f"--nofile={limit}:{hard or limit}"]


def until(is_so, timeout=10):
    end = time.monotonic() + timeout
    while not is_so():
        assert time.monotonic() < end
        select.select([], [], [], 0.05)


def account(operator, user):
    """The account of a user at the component socket."""
    accounts = operator.status()["accounts"]
    found = [one for one in accounts if (one["uid"], one["socket"]) == (user, "components")]
    return found[0] if found else None


@pytest.mark.parametrize("limit, share", [(64, 3), (256, 44), (1024, 224)])
def test_one_user_gets_a_quarter_and_operators_and_files_keep_theirs(start, limit, share):
    daemon = start("--account-handshakes", "1024", wrapper=few(limit))
    operator = daemon.coordinator()
    for connection in open_many_elsewhere(daemon.component_socket, NOBODY, share + 5):
        daemon.keep(connection)
        operator.status()
    # The process that connected has ended: its connections are served as any other.
    until(lambda: (account(operator, NOBODY) or {}).get("refusals") == 5)
    assert account(operator, NOBODY)["connections"] == {"used": share, "limit": share}
    flood = [daemon.connection() for _ in range(limit + 20)]
    operators = [daemon.coordinator() for _ in range(5)]
    assert all(operator.status()["updates"] == [] for operator in operators)
    operators[0].gate("d", components=["com.example.Nobody"]).released()
    assert (daemon.state_directory / "state").stat().st_size > 0
    assert not log_lines(daemon, f"{daemon.state_directory}")
    assert len(os.listdir(f"/proc/{daemon.process.pid}/fd")) <= limit
    for connection in flood:
        connection.close()
    until(lambda: account(operator, 0) is None)
    operators[0].complete("d")
    works(daemon, "again")


@pytest.mark.parametrize("limit", [64, 256])
def test_a_user_with_many_uids_leaves_operators_theirs(start, limit):
    """Each uid is an account. Those of one user's range lie next to each other."""
    daemon = start(wrapper=few(limit))
    for uid in range(100_000, 100_000 + limit):
        daemon.keep(open_elsewhere(daemon.component_socket, uid))
    operators = [daemon.coordinator() for _ in range(5)]
    used = sum(one["connections"]["used"] for one in operators[0].status()["accounts"][:32])
    assert used >= min(32, limit // 8)
    assert all(operator.status()["updates"] == [] for operator in operators)
    works(daemon, "own")
    assert len(os.listdir(f"/proc/{daemon.process.pid}/fd")) < limit - 8


def test_a_soft_limit_is_raised_before_shares_are_made_of_it(start):
    daemon = start(wrapper=few(64, 1024))
    operator = daemon.coordinator()
    daemon.keep(open_elsewhere(daemon.component_socket, NOBODY))
    until(lambda: account(operator, NOBODY))
    assert account(operator, NOBODY)["connections"]["limit"] == 224


def test_a_process_that_no_descriptor_is_left_to_look_up_is_not_believed(start):
    """Root's claim, too: without the look-up it could be a container's root."""
    daemon = start(wrapper=few(64))
    components = [daemon.component(f"com.example.C{number}") for number in range(8)]
    operators = []
    with contextlib.suppress(HungUp, OSError):
        for _ in range(64):
            operators.append(daemon.coordinator())
    assert len(operators) > 8
    components.pop().connection.close()
    until(lambda: len(operators[0].status()["components"]) == 7)
    stranger = daemon.connection()
    with pytest.raises((AssertionError, HungUp, OSError)):
        stranger.connect("com.example.Late")
    assert "such a process is known by a token only" in daemon.log.read_text()
    assert len(operators[0].status()["components"]) == 7
    while operators:
        operators.pop().connection.close()
    until(lambda: connects(daemon))
    works(daemon)


def connects(daemon):
    with contextlib.suppress(AssertionError, HungUp, OSError):
        daemon.component()
        return True


def test_the_limits_of_accounts_are_those_of_the_configuration(start, directory):
    file = pathlib.Path(directory) / "reprieved.conf"
    file.write_text("[Broker]\nAccountConnections=3\nAccountHandshakes=5\nAccountBytes=64K\n")
    daemon = start("--config", file)
    operator = daemon.coordinator()
    for _ in range(4):
        daemon.keep(open_elsewhere(daemon.component_socket, NOBODY))
    until(lambda: (account(operator, NOBODY) or {}).get("refusals") == 1)
    found = account(operator, NOBODY)
    assert found["connections"] == {"used": 3, "limit": 3}
    assert found["handshakes"]["limit"] == 5
    assert found["bytes"]["limit"] == 65_536
    file.write_text("[Broker]\nAccountConnections=4\n")
    daemon.process.send_signal(signal.SIGHUP)
    until(lambda: account(operator, NOBODY)["connections"]["limit"] == 4)
    daemon.keep(open_elsewhere(daemon.component_socket, NOBODY))
    until(lambda: account(operator, NOBODY)["connections"]["used"] == 4)
