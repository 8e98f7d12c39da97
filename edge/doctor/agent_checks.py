"""What the running agent says of itself: hub, journal, policy, threads, devices, fire alarm."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from edge.control_socket import AgentAbsentError, Request, ask_agent
from edge.doctor.finding import ENGLISH, Finding, Say
from edge.settings import Settings

UNSENT_WELL: Final = 100
_TAIL_MOST: Final = 1_000


def running(settings: Settings, say: Say = ENGLISH) -> list[Finding]:
    """Ask the agent; one finding where it does not answer."""
    try:
        status = ask_agent(settings.socket_path, Request("status"))
    except AgentAbsentError as error:
        return [say("agent", "agent_absent", problem=str(error))]
    findings = [say("agent", "agent_ok", version=status["agent"]), _hub(status, say)]
    findings += [*_clock(status, say), *_journal(settings, status, say)]
    policy = status["policy"]
    code = "policy_rejected" if policy["rejected"] else "policy_ok"
    findings.append(say("policy", code, **policy))
    findings += _threads(status.get("threads", ()), say)
    fire_alarm = status["fire_alarm"]
    if fire_alarm is not None:
        findings += fire(fire_alarm, say)
    for device in status["devices"]:
        code = "device_ok" if device["online"] else "device_bad"
        cause = device["cause"] or "not heard of"
        findings.append(say(f"device {device['id']}", code, cause=cause))
    return findings


def _hub(status: dict[str, Any], say: Say) -> Finding:
    if status["link_up"]:
        return say("hub link", "hub_ok", since=_local(status["welcomed_at"]))
    lost = status.get("lost_at")
    return say("hub link", "hub_away", since=_local(lost)) if lost else say("hub link", "hub_never")


def _local(instant: str | None) -> str:
    """An instant of the agent's answer, in local time."""
    if instant is None:
        return "-"
    return f"{datetime.fromisoformat(instant).astimezone():%Y-%m-%d %H:%M}"


def _clock(status: dict[str, Any], say: Say) -> list[Finding]:
    clock = status.get("clock")
    if clock is None:
        return []
    return [say("clock", f"clock_{clock['state']}", error_ms=clock["error_ms"])]


def _journal(settings: Settings, status: dict[str, Any], say: Say) -> list[Finding]:
    journal, counters = status["journal"], status.get("counters", {})
    if journal["failure"] is not None:
        return [say("journal", "journal_fails", cause=journal["failure"])]
    unsent, rows = counters.get("unacknowledged", 0), counters.get("rows", 0)
    capacity = counters.get("capacity", 0)
    gaps, refused = counters.get("gaps", 0), counters.get("refused", 0)
    findings = []
    if unsent > UNSENT_WELL:
        oldest = _oldest(settings, unsent)
        values = {"unsent": unsent, "oldest": oldest, "capacity": capacity}
        findings.append(say("journal", "journal_unsent", **values))
    else:
        findings.append(say("journal", "journal_ok", rows=rows, unsent=unsent))
    if gaps or refused:
        findings.append(say("journal gaps", "journal_gaps", gaps=gaps, refused=refused))
    return findings


def _oldest(settings: Settings, unsent: int) -> str:
    """When the oldest unsent row was journaled; of very many, at least how long ago."""
    try:
        rows = ask_agent(settings.socket_path, Request("journal", min(unsent, _TAIL_MOST)))
    except AgentAbsentError:
        return "?"
    times = [row["event"]["at"] for row in rows if "at" in row["event"]]
    before = "< " if unsent > _TAIL_MOST else ""
    return before + times[0][:16] if times else "?"


def _threads(threads: Any, say: Say) -> list[Finding]:
    bad = [one for one in threads if one["state"] != "well"]
    if not bad:
        return [say("threads", "thread_ok", count=len(threads))] if threads else []
    return [say(f"thread {one['part']}", "thread_bad", **one) for one in bad]


def fire(told: dict[str, Any], say: Say = ENGLISH) -> list[Finding]:
    """What is wrong with the fire alarm's device, its line, and the strikes it keeps."""
    cause = told["cause"]
    found = [say("fire alarm", f"fire_{cause}" if cause else "fire_ok")]
    line = told["fault"] or told["line"]
    well = not told["fault"] and told["line"] != "unknown"
    found.append(say("fire line", "fire_line_ok" if well else "fire_line_bad", line=line))
    for device, why in told["kept"].items():
        if device != told["device"]:
            fix = say.words(f"fire_{why}.remedy")
            found.append(say(f"fire release {device}", "fire_forget", cause=why, fix=fix))
    return found
