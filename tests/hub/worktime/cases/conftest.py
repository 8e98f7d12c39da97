"""Every case is reckoned twice: by `hub.worktime.reckoning` and by the oracle.

The groups are numbered as the field's edge cases are. Group 12, data that arrives after closing,
stands with the closings in `tests/hub/timesheets`: reckoning itself knows of no closing.
"""

from __future__ import annotations

import pytest

from tests.hub.worktime.cases.staff_month import Reckoner, by_oracle, by_reckoning

_RECKONERS: dict[str, Reckoner] = {"reckoning": by_reckoning, "oracle": by_oracle}


@pytest.fixture(params=list(_RECKONERS))
def reckon(request: pytest.FixtureRequest) -> Reckoner:
    """What turns a month into a sheet."""
    return _RECKONERS[request.param]
