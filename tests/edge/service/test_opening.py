"""From a presentation to the bolt, and what is journaled on the way."""

from __future__ import annotations

from wire.events import ActOutcome, EventKind, Factor, Observed
from wire.reasons import Reason


def test_a_valid_pin_opens_and_its_result_names_what_the_bolt_did(rig):
    rig.press("482915#")
    assert rig.unlocked
    granted = rig.last(EventKind.ACCESS_GRANTED)
    assert (granted.reason, granted.factor) == (Reason.PIN_VALID, Factor.PIN)
    assert granted.digits == 6
    result = rig.last(EventKind.ACT_RESULT)
    assert result.act == granted.act
    assert (result.outcome, result.observed) == (ActOutcome.DONE, Observed.BOLT_RETRACTED)
    rig.go(5)
    assert not rig.unlocked
