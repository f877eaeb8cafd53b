# SPDX-License-Identifier: Apache-2.0
"""Names and expectations that several suites share."""

import pytest
from protocol import Failed

CAMERA = "com.example.Camera"
ROBOT = "com.example.Robot"
HOUR = 3_600_000


def refused(call, model, *words):
    """Expects an error of a kind, with a message that has these words."""
    with pytest.raises(Failed) as failed:
        call()
    assert failed.value.model == model
    for word in words:
        assert word in failed.value.message
