"""What somebody does on arriving at a facility and on leaving it, step by step. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from hub.catalogue import Language

STEPS_MAX = 30


class StepMoment(StrEnum):
    """When a step is done."""

    ARRIVE = "arrive"
    LEAVE = "leave"


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One instruction, in the order of the facility's list. `door_id` or `key_box_id` names the
    lock it is about; a leaving step with a key box says that its key is to be put back there."""

    moment: StepMoment
    ja: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    easy: Annotated[str, msgspec.Meta(max_length=200)] = ""
    en: Annotated[str, msgspec.Meta(max_length=200)] = ""
    door_id: str | None = None
    key_box_id: str | None = None

    def text(self, language: Language) -> str:
        """The instruction in a language; the Japanese where there is no other."""
        return {Language.EASY: self.easy, Language.EN: self.en}.get(language) or self.ja


def steps_of(steps: tuple[Step, ...], moment: StepMoment, language: Language) -> tuple[str, ...]:
    """Give the instructions of a moment in a language, in order."""
    return tuple(step.text(language) for step in steps if step.moment is moment)


def returns_key_to(steps: tuple[Step, ...]) -> frozenset[str]:
    """Give the key boxes to which a key has to be put back on leaving."""
    leaving = (step for step in steps if step.moment is StepMoment.LEAVE)
    return frozenset(step.key_box_id for step in leaving if step.key_box_id is not None)
