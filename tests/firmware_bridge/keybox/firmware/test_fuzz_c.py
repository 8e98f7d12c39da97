"""The fuzz targets hold for their seeds and for a moment's search, and notice a spoilt device."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware_bridge.keybox.firmware.build import SOURCES
from firmware_bridge.keybox.firmware.fuzz.make_corpus import (
    keypad_seeds,
    link_seeds,
    storage_seeds,
)
from tests.fuzz.keybox_c import CORPUS, TARGETS, KeyboxTarget, build_spoilt

SPOILT = {
    "takes_expired_codes": (
        "kb_code.c",
        "return clock.earliest_s >= end_s ? KB_EXPIRED : KB_VALID;",
        "return (void)end_s, KB_VALID;",
    ),
    "forgets_used_codes": (
        "kb_used.c",
        "if (used->payload[i] == payload) {",
        "if (used->payload[i] == payload && payload == 0) {",
    ),
}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_seed_holds(target: KeyboxTarget) -> None:
    assert target.replay() >= 12


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_moment_of_search_finds_nothing(target: KeyboxTarget) -> None:
    result = target.run(1)
    assert result.crashes == 0, result.detail
    assert result.cases > 20


@pytest.mark.parametrize("fault", SPOILT)
def test_the_seeds_of_the_keypad_notice_a_device_that(fault: str, tmp_path: Path) -> None:
    name, sound, spoilt = SPOILT[fault]
    text = (SOURCES / "core" / name).read_text()
    assert sound in text
    program = build_spoilt(name, text.replace(sound, spoilt), tmp_path)
    with pytest.raises(AssertionError, match="property does not hold"):
        KeyboxTarget("keypad", program).replay()


def test_the_committed_seeds_are_those_that_are_made() -> None:
    made = {"keypad": keypad_seeds(), "link": link_seeds(), "storage": storage_seeds()}
    for target, seeds in made.items():
        for name, data in seeds.items():
            assert (CORPUS / target / name).read_bytes() == data, f"{target}/{name}"
