"""A visit to a key box, step by step: pure. It yields what it wants done, and is sent the outcome.

    hello, open -> status -> clock: compare, set -> log: read, journal, read on -> clear with the
    hub's receipt -> firmware -> new secrets

A record is journaled before the next are asked for, and the box forgets nothing without the hub's
own receipt: whenever a visit ends early, the next one, of whoever it is, goes on without a loss.
"""

from __future__ import annotations

import uuid
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from edge.core.clock_now import ClockNow
from edge.core.model import NewEvent
from edge.keybox.orders import (
    JOURNALED,
    BoxReport,
    Errand,
    Journaled,
    VisitReport,
)
from edge.keybox.records import (
    Comparison,
    LogSource,
    comparisons,
    events_of,
    new_log_event,
    unread,
)
from edge.keybox.wants import (
    Ask,
    Commit,
    Look,
    OpenSession,
    Pause,
    Renew,
    SendImage,
    Steps,
    Tell,
    Want,
)
from firmware_bridge.keybox.answers import BoxStatus, Cleared, ClockAnswer, LogAnswer
from firmware_bridge.keybox.codes import (
    MAX_RECORDS,
    MAX_SET_ERROR_S,
    UNKNOWN_I16,
    Cause,
    Input,
    Kind,
)
from firmware_bridge.keybox.host_events import (
    cause_name,
)
from firmware_bridge.keybox.opening import HelloAnswer
from firmware_bridge.keybox.requests import (
    AskStatus,
    ClearLog,
    InstallSecret,
    ReadLog,
    SetClock,
)
from firmware_bridge.keybox.serial_host import KeyboxError
from wire.device_causes import Numbered, numbered_cause
from wire.events import (
    BatteryBody,
    DeviceClockBody,
    DeviceEventBody,
    EventKind,
)
from wire.keybox_keys import Right, link_seconds
from wire.keybox_ticket import KeyboxTicket

_MOST: Final = MAX_RECORDS
_REOPENINGS: Final = 5
"""How often a box that starts a new firmware is called, two seconds each."""


@dataclass(slots=True)
class Visit:
    """One visit under a ticket; `report` grows as it goes. `image` is the firmware's number where
    an image is to be sent. `renewed`: the box knows the ticket of its new secrets."""

    errand: Errand
    ticket: KeyboxTicket
    image: int | None = None
    report: VisitReport = field(default_factory=VisitReport)
    renewed: bool = False

    def steps(self) -> Steps:
        """Everything, in order; ends by itself, or with what was thrown into it."""
        hello: HelloAnswer = yield from self._open()
        device = str(uuid.UUID(bytes=hello.device))
        yield Tell(f"{_kind(hello.kind)} {device}, firmware {hello.firmware}")
        status: BoxStatus = yield Ask(AskStatus())
        now, journaled = yield Look(device)
        offset_s = _offset(status, now)
        self.report.box = _box(device, hello, status, offset_s)
        if self.errand is Errand.STATUS:
            return
        if self.errand is Errand.FIRMWARE:
            yield from self._send_image(device)
            return
        yield from self._clock(device, status, offset_s)
        if self.errand is Errand.CLOCK:
            return
        yield Commit((_battery(device, status),))
        yield from self._collect(device, status, journaled, offset_s, now)
        yield from self._clear(status)
        yield from self._send_image(device)
        if (yield from self._secrets(device, status)):
            yield from self._read_on(device)

    def _open(self) -> Generator[Want, Any, HelloAnswer]:
        """Open a session. A box that took its new secrets when nobody heard it say so knows the
        ticket under those alone."""
        try:
            hello: HelloAnswer = yield OpenSession()
        except KeyboxError as error:
            if error.cause != "bad_proof" or self.ticket.key_then is None:
                raise
            hello = yield Renew()
            self.renewed = True
        return hello

    def _may(self, right: Right) -> bool:
        return bool(self.ticket.right & right)

    # --- clock -----------------------------------------------------------------------------------

    def _clock(self, device: str, status: BoxStatus, offset_s: int | None) -> Steps:
        now, _ = yield Look(device)
        error_s = None if now.error_ms is None else -(-now.error_ms // 1_000) + 1
        if not now.relied_on or error_s is None or error_s > MAX_SET_ERROR_S:
            self.report.skipped.append("clock_not_relied_on")
            return
        if not self._may(Right.CLOCK):
            self.report.skipped.append("no_right_to_set_the_clock")
            yield Commit(_compared(device, status, offset_s, now))
            return
        try:
            answer: ClockAnswer = yield Ask(SetClock(link_seconds(now.at), error_s))
        except KeyboxError as error:
            if error.cause != cause_name(Cause.BAD_VALUE):
                raise
            self.report.skipped.append("clock_set_later_already")
            yield Commit(_compared(device, status, offset_s, now))
            return
        self.report.clock_set = True
        was = "had none" if answer.offset_s is None else f"was {answer.offset_s:+d} s off"
        yield Tell(f"clock set; it {was}")

    # --- log -------------------------------------------------------------------------------------

    def _collect(
        self,
        device: str,
        status: BoxStatus,
        journaled: Journaled | None,
        offset_s: int | None,
        now: ClockNow,
    ) -> Steps:
        epoch = status.log_epoch
        start = 0
        if journaled is not None and journaled.epoch == epoch:
            start = journaled.next
        elif journaled is not None:
            yield Commit((new_log_event(device, journaled.epoch),), _so_far(device, epoch, 0))
        compared = yield from self._survey(epoch, start)
        source = LogSource(device, device, epoch)
        # What was cleared by a receipt is safe in the hub, whoever collected it.
        start = max(start, status.receipted)
        newest = 0 if self.report.clock_set else offset_s
        while True:
            answer: LogAnswer = yield Ask(ReadLog(epoch, start, _MOST))
            _check(answer, epoch)
            events = unread(source, start, answer.next, answer.records)
            start = answer.records[-1].index + 1 if answer.records else max(start, answer.next)
            self.report.lost += sum(_lost(event) for event in events)
            events += events_of(source, answer.records, compared, newest, now.at)
            if events:
                yield Commit(tuple(events), _so_far(device, epoch, start))
            self.report.journaled += len(answer.records)
            if start >= answer.next:
                break
            yield Tell(f"log: {start} of {answer.next}")
        yield Tell(f"log: {self.report.journaled} records journaled")

    def _survey(self, epoch: int, start: int) -> Generator[Want, Any, list[Comparison]]:
        """Look ahead at where the clock was set: what stands before was written by the clock as it
        was then."""
        found: list[Comparison] = []
        while True:
            answer: LogAnswer = yield Ask(ReadLog(epoch, start, _MOST))
            _check(answer, epoch)
            found += comparisons(answer.records)
            if not answer.records:
                return found
            start = answer.records[-1].index + 1
            if start >= answer.next:
                return found

    def _clear(self, status: BoxStatus) -> Steps:
        receipt = self.ticket.receipt
        if receipt is None or receipt.log_epoch != status.log_epoch:
            return
        if receipt.through < status.receipted:
            return
        if self.renewed:
            self.report.skipped.append("receipt_of_former_secrets")
            return
        if not self._may(Right.CLEAR):
            self.report.skipped.append("no_right_to_clear")
            return
        request = ClearLog(receipt.log_epoch, receipt.through, receipt.mac_bytes)
        answer: Cleared = yield Ask(request)
        self.report.cleared_through = receipt.through
        yield Tell(f"log: cleared through {receipt.through}, oldest now {answer.oldest}")

    # --- what the hub sends along ----------------------------------------------------------------

    def _send_image(self, device: str) -> Steps:
        if self.image is None:
            return
        if not self._may(Right.FIRMWARE):
            self.report.skipped.append("no_right_to_send_firmware")
            return
        yield SendImage()
        self.report.firmware_sent = self.image
        yield Tell(f"firmware {self.report.firmware_sent} sent; the box starts it on trial")
        hello = yield from self._restarted()
        if hello.firmware == self.image:
            yield Commit((_changed(device, EventKind.FIRMWARE_UPDATED, str(self.image)),))
        else:
            self.report.skipped.append("firmware_not_started")
        yield Tell(f"the box runs firmware {hello.firmware}")

    def _restarted(self) -> Generator[Want, Any, HelloAnswer]:
        """A box answers for some 1.5 s more before it starts the new firmware, so that an answer
        that was lost can be asked for again: until then it is the old one that opens."""
        for left in reversed(range(_REOPENINGS)):
            hello = yield from self._reopen()
            if hello.firmware == self.image or not left:
                return hello
            yield Pause()
        raise KeyboxError("no_answer")

    def _reopen(self) -> Generator[Want, Any, HelloAnswer]:
        """A new firmware confirms itself by this session."""
        for left in reversed(range(_REOPENINGS)):
            try:
                hello: HelloAnswer = yield OpenSession()
            except KeyboxError as error:
                if left == 0 or error.cause != "no_answer":
                    raise
            else:
                return hello
        raise KeyboxError("no_answer")

    def _secrets(self, device: str, status: BoxStatus) -> Generator[Want, Any, bool]:
        """Bring new secrets; tell whether a session under them can be opened."""
        envelope = self.ticket.envelope
        if envelope is None or envelope.version < status.secret_version:
            return False
        cause = numbered_cause(Numbered.VERSION, envelope.version)
        told = (_changed(device, EventKind.DEVICE_KEY_CHANGED, cause),)
        if envelope.version == status.secret_version:
            if self.renewed:
                yield Commit(told)
            return False
        if not self._may(Right.SECRET):
            self.report.skipped.append("no_right_to_change_secrets")
            return False
        yield Ask(InstallSecret(envelope.encode()))
        yield Commit(told)
        self.report.secret_installed = True
        yield Tell("new secrets installed")
        return self.ticket.key_then is not None

    def _read_on(self, device: str) -> Steps:
        """What the box wrote meanwhile, its own word for the new secrets: under their ticket."""
        yield Renew()
        self.renewed = True
        status: BoxStatus = yield Ask(AskStatus())
        now, journaled = yield Look(device)
        yield from self._collect(device, status, journaled, _offset(status, now), now)


def _check(answer: LogAnswer, epoch: int) -> None:
    """A log that was found damaged while it is read begins anew: so does the visit."""
    if answer.log_epoch != epoch:
        raise KeyboxError("log_changed")


def _so_far(device: str, epoch: int, following: int) -> dict[str, bytes | None]:
    value = msgspec.json.encode(Journaled(epoch=epoch, next=following))
    return {JOURNALED + device: value}


def _offset(status: BoxStatus, now: ClockNow) -> int | None:
    if not status.clock_known or not now.relied_on:
        return None
    return status.time_s - link_seconds(now.at)


def _compared(
    device: str, status: BoxStatus, offset_s: int | None, now: ClockNow
) -> tuple[NewEvent, ...]:
    if offset_s is None:
        return ()
    body = DeviceClockBody(
        device=device,
        offset_ms=offset_s * 1_000,
        error_ms=(now.error_ms or 0) + 1_000,
        ppm=None if status.rate == UNKNOWN_I16 else status.rate / 10,
    )
    return (NewEvent(EventKind.DEVICE_CLOCK_SET, body),)


def _battery(device: str, status: BoxStatus) -> NewEvent:
    body = BatteryBody(
        device=device,
        millivolts=status.battery_mv,
        temperature_dc=None if status.temperature == UNKNOWN_I16 else status.temperature,
        uses=status.uses,
    )
    return NewEvent(EventKind.BATTERY, body)


def _changed(device: str, kind: EventKind, cause: str) -> NewEvent:
    """The visitor's own word: the box's will come with the next visit."""
    return NewEvent(kind, DeviceEventBody(device=device, cause=cause))


def _lost(event: NewEvent) -> int:
    return (event.body.count or 0) if isinstance(event.body, DeviceEventBody) else 0


def _kind(number: int) -> str:
    try:
        return Kind(number).name.lower().replace("_", " ")
    except ValueError:
        return f"device of kind {number}"


def _box(device: str, hello: HelloAnswer, status: BoxStatus, offset_s: int | None) -> BoxReport:
    known = bool(status.clock_known)
    return BoxReport(
        device=device,
        kind=_kind(hello.kind),
        firmware=hello.firmware,
        boots=hello.boots,
        clock_known=known,
        clock_offset_s=offset_s,
        clock_doubt_s=(status.latest_s - status.earliest_s + 1) // 2 if known else None,
        battery_mv=status.battery_mv,
        uses=status.uses,
        tries_left=status.tries_left,
        lockout_s=status.lockout_s,
        log_epoch=status.log_epoch,
        log_next=status.next,
        inputs=tuple(one.name.lower() for one in Input if one & status.inputs and one.name),
        profile=status.profile,
        generation=status.generation,
        secret_version=status.secret_version,
    )
