"""The card service in memory, for the PC/SC driver's tests."""

from __future__ import annotations

import pytest

from tests.edge.drivers.fake_pcsc import FakePcsc


@pytest.fixture
def pcsc() -> FakePcsc:
    return FakePcsc()
