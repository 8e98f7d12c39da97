"""How the agent stands at a glance: made by the loop, read by any thread, put into one line."""

from __future__ import annotations

from dataclasses import dataclass

from edge.service.memory import Memory
from edge.service.recorder import Recorder
from edge.service.thread_watch import ThreadWatch
from edge.words import Words


@dataclass(frozen=True, slots=True)
class Glance:
    """As of the loop's last look. `faults` are the parts that are not well, `unfit` the one for
    whose sake the process should be started anew."""

    doors: int = 0
    online: int = 0
    devices: int = 0
    link_up: bool = False
    unsent: int = 0
    failure: str = ""
    burning: bool = False
    faults: tuple[str, ...] = ()
    unfit: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """What the main thread judges by: whether the loop's thread is there, how long ago it last
    went round, and the last glance."""

    loop_alive: bool
    loop_age_s: float
    glance: Glance


def take_glance(memory: Memory, recorder: Recorder, threads: ThreadWatch) -> Glance:
    """Look; in the loop's thread."""
    served = [memory.devices.get(device) for device in memory.served]
    journal = recorder.journal.counters() if recorder.failure is None else {}
    return Glance(
        doors=len(memory.doors),
        online=sum(one is not None and one.online is True for one in served),
        devices=len(served),
        link_up=memory.link_up,
        unsent=journal.get("unacknowledged", 0),
        failure=recorder.failure or "",
        burning=memory.fire.burning,
        faults=tuple(one.part for one in threads.standings if one.state != "well"),
        unfit=threads.unfit,
    )


def status_line(glance: Glance, words: Words) -> str:
    """Put a glance into one line of plain words: what is wrong comes first."""
    parts = []
    if glance.burning:
        parts.append(words("line.fire"))
    if glance.failure:
        parts.append(words("line.journal", cause=glance.failure))
    parts += [words("line.fault", part=part) for part in glance.faults[:2]]
    parts += [
        words("line.serving", doors=glance.doors),
        words("line.hub_reached" if glance.link_up else "line.hub_away"),
        words("line.devices", online=glance.online, devices=glance.devices),
    ]
    if glance.unsent:
        parts.append(words("line.unsent", unsent=glance.unsent))
    between = ". " if words.language == "en" else "。"
    return between.join(parts)
