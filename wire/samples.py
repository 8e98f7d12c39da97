"""One sample of every message and policy entry, and of an event of every kind.

The golden files are made from these, and fakes on both sides speak them. Ids and keys are fixed
and worthless.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from wire import events as ev
from wire import messages as ms
from wire import policy_bodies as pb
from wire.clock import ClockReading, ClockState
from wire.identity import uuid7
from wire.policy import (
    DroppedEntry,
    EntryKind,
    EntryRejection,
    PolicyDigest,
    encode_entry,
    entry_hash,
)
from wire.reasons import Reason
from wire.topics import Channel

CONTROLLER: Final = "k7w2m9x4c1t8z5qa"
BOOT: Final = "3f0c6a52-9f0e-4f0e-8f0e-2f6f0b7d9a11"
SESSION: Final = "00112233445566778899aabbccddeeff"
NOW: Final = datetime(2026, 11, 22, 9, 30, 0, 123_456, tzinfo=UTC)


def sample_id(number: int) -> str:
    """Give the fixed UUIDv7 of that number."""
    return uuid7(1_790_000_000_000 + number, number.to_bytes(10, "big"))


DOOR, READER, DEVICE, PERSON, CREDENTIAL, GRANT, BOOKING, SCHEDULE, CALENDAR, ZONE, ACTOR, ACT = (
    sample_id(number) for number in range(1, 13)
)
PIN_ID: Final = f"{CREDENTIAL}@{DOOR}"
DIGEST: Final = "5a" * 32
RECIPIENT: Final = (
    "BGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU="
)
"""The generator of P-256 (FIPS 186-5), as a point nobody holds the key of."""

BODIES: Final[dict[EntryKind, list[tuple[str, pb.Body]]]] = {
    EntryKind.DOOR: [
        (
            DOOR,
            pb.DoorBody(
                strike=pb.Point(DEVICE, 0),
                contact=pb.Point(DEVICE, 0),
                bolt=pb.Point(DEVICE, 1, inverted=True),
            ),
        ),
        (
            sample_id(24),
            pb.DoorBody(
                strike=pb.Point(DEVICE, 0),
                backup=pb.BackupCodes(profile="quarter", sealed="AQAA", generation=3),
            ),
        ),
    ],
    EntryKind.MODE: [
        (
            sample_id(20),
            pb.ModeBody(
                door=DOOR,
                mode=pb.DoorMode.HOLD_OPEN,
                order=7,
                reason="避難訓練",
                actor=ACTOR,
                expires_at=NOW + timedelta(hours=2),
            ),
        )
    ],
    EntryKind.SCHEDULE: [
        (
            SCHEDULE,
            pb.ScheduleBody(
                week=(pb.WeekSpan((0, 1, 2, 3, 4), (pb.DaySpan(510, 1035),)),),
                calendar=CALENDAR,
                exceptions=(pb.DateException(date(2026, 12, 28), (pb.DaySpan(510, 720),)),),
            ),
        )
    ],
    EntryKind.HOLIDAY: [(CALENDAR, pb.HolidayBody(dates=(date(2026, 11, 23), date(2027, 1, 1))))],
    EntryKind.GRANT: [
        (
            GRANT,
            pb.GrantBody(
                door=DOOR,
                credential=CREDENTIAL,
                start=NOW,
                end=NOW + timedelta(hours=2),
                booking=BOOKING,
            ),
        ),
        (sample_id(21), pb.GrantBody(door=DOOR, person=PERSON, schedule=SCHEDULE)),
        (
            sample_id(25),
            pb.GrantBody(zone=ZONE, credential=sample_id(22), escorts=(PERSON,), escort_s=20),
        ),
    ],
    EntryKind.CREDENTIAL: [
        (
            PIN_ID,
            pb.PinBody(
                credential=CREDENTIAL,
                door=DOOR,
                digest=DIGEST,
                booking=BOOKING,
                at_lock="a5" * 16,
            ),
        ),
        (
            sample_id(22),
            pb.CardBody(credential=sample_id(22), namespace="uid", digest=DIGEST, person=PERSON),
        ),
    ],
    EntryKind.PERSON_FLAGS: [(PERSON, pb.PersonFlagsBody(groups=(sample_id(23),)))],
    EntryKind.ZONE: [(ZONE, pb.ZoneBody(anti_passback=pb.AntiPassback.SOFT))],
    EntryKind.READER: [
        (
            READER,
            pb.ReaderBody(
                device=DEVICE, door=DOOR, keypad=True, assurance=pb.Assurance.READER_VERIFIED
            ),
        )
    ],
    EntryKind.DEVICE: [
        (DEVICE, pb.DeviceBody(driver=pb.DeviceDriver.OSDP, port="bus0", address=1))
    ],
    EntryKind.SETTING: [("telemetry_s", pb.SettingBody(value=300))],
    EntryKind.ENROLMENT: [
        (
            sample_id(26),
            pb.EnrolmentBody(reader=READER, recipient=RECIPIENT, until=NOW + timedelta(seconds=60)),
        )
    ],
}

ENTRIES: Final[list[bytes]] = [
    encode_entry(kind, entry_id, 1, body)
    for kind, pairs in BODIES.items()
    for entry_id, body in pairs
]

_ACCESS: Final = ev.AccessBody(
    reason=Reason.PIN_VALID,
    factor=ev.Factor.PIN,
    door=DOOR,
    reader=READER,
    act=ACT,
    credential=CREDENTIAL,
    grant=GRANT,
    booking=BOOKING,
    digits=6,
)
_DENIED: Final = ev.AccessBody(
    reason=Reason.UNKNOWN_CARD,
    factor=ev.Factor.CARD,
    door=DOOR,
    reader=READER,
    namespace="uid",
    card=DIGEST,
)

_BY_KIND: Final[dict[ev.EventKind, ev.EventBody]] = {
    ev.EventKind.ACCESS_GRANTED: _ACCESS,
    ev.EventKind.ACCESS_DENIED: _DENIED,
    ev.EventKind.ACCESS_DURESS: msgspec.structs.replace(_ACCESS, reason=Reason.DURESS_PIN),
    ev.EventKind.PIN_LOCKOUT: ev.LockoutBody(reader=READER, lockout_s=300, door=DOOR),
}

_BY_TYPE: Final[dict[type[ev.EventBody], ev.EventBody]] = {
    ev.ActResultBody: ev.ActResultBody(
        act=ACT,
        door=DOOR,
        outcome=ev.ActOutcome.DONE,
        observed=ev.Observed.BOLT_RETRACTED,
    ),
    ev.CardOfferBody: ev.CardOfferBody(
        enrolment=sample_id(26), reader=READER, sealed="AQAA", assurance=pb.Assurance.IDENTIFIER
    ),
    ev.PunchBody: ev.PunchBody(
        reader=READER,
        person=PERSON,
        credential=CREDENTIAL,
        direction=ev.PunchDirection.IN,
    ),
    ev.CommandReceivedBody: ev.CommandReceivedBody(
        command_id=sample_id(30), door=DOOR, action="unlock", actor=ACTOR, act=ACT
    ),
    ev.CommandResultBody: ev.CommandResultBody(
        command_id=sample_id(30),
        door=DOOR,
        outcome=ev.ActOutcome.DONE,
        reason=Reason.REMOTE_UNLOCK,
        observed=ev.Observed.DOOR_OPENED,
    ),
    ev.DoorEventBody: ev.DoorEventBody(door=DOOR),
    ev.DoorFoundBody: ev.DoorFoundBody(door=DOOR, open=False, changed=True),
    ev.ModeEventBody: ev.ModeEventBody(door=DOOR, mode=pb.DoorMode.LOCKED, order=8, cause="policy"),
    ev.DeviceEventBody: ev.DeviceEventBody(device=DEVICE, cause="no_reply"),
    ev.BatteryBody: ev.BatteryBody(device=DEVICE, millivolts=2_930, temperature_dc=85, uses=412),
    ev.DeviceClockBody: ev.DeviceClockBody(
        device=DEVICE, offset_ms=-41_000, error_ms=500, set=True, ppm=-7.5
    ),
    ev.LockListBody: ev.LockListBody(device=DEVICE, digest=DIGEST, count=12, placed=True),
    ev.DoorTestBody: ev.DoorTestBody(door=DOOR, passed=True, actor=ACTOR),
    ev.AgentBody: ev.AgentBody(agent="0.1.0", clean=False, cause="start"),
    ev.AgentFaultBody: ev.AgentFaultBody(part="bus0: bus", cause="hangs", revived=1),
    ev.LinkBody: ev.LinkBody(cause="connect", away_ms=61_000),
    ev.ClockBody: ev.ClockBody(
        state=ClockState.TRUSTED, source="welcome", error_ms=12, step_ms=-3_500
    ),
    ev.PolicyAppliedBody: ev.PolicyAppliedBody(hub_epoch=1, version=42, digest=DIGEST),
    ev.EpochBody: ev.EpochBody(cause="rolled_back", previous=12_345, moved=3),
    ev.JournalBody: ev.JournalBody(cause="disk_io", unjournaled=2),
    ev.AlarmBody: ev.AlarmBody(
        alarm=ev.Alarm.FORGED_MESSAGE, channel="down/commands", cause="bad_tag"
    ),
    ev.TelemetryBody: ev.TelemetryBody(counters={"frames_malformed": 3}),
}


def sample_event(kind: ev.EventKind) -> ev.Event:
    """Give the sample event of a kind."""
    body = _BY_KIND.get(kind) or _BY_TYPE[ev.BODIES[kind]]
    return ev.Event(
        kind=kind.value,
        boot=BOOT,
        mono_ns=123_456_789_012,
        at=NOW,
        clock=ClockState.TRUSTED,
        error_ms=12,
        body=ev.encode_body(kind, body),
    )


_HELD: Final = ms.HeldPolicy(version=42, digest=PolicyDigest(map(entry_hash, ENTRIES)).hex)

MESSAGES: Final[dict[str, tuple[Channel, ms.Message]]] = {
    "status": (Channel.STATUS, ms.Status(online=True, agent="0.1.0")),
    "hello": (
        Channel.HELLO,
        ms.Hello(
            session=SESSION,
            boot_id=BOOT,
            agent="0.1.0",
            epoch=12_345,
            last_seq=99,
            policy=ms.EdgePolicy(hub_epoch=1, version=41, digest=DIGEST),
            clock=ClockReading(state=ClockState.HOLDOVER, now=NOW, error_ms=900),
            devices=(ms.DeviceState(id=DEVICE, state="online"),),
        ),
    ),
    "welcome": (
        Channel.WELCOME,
        ms.Welcome(
            session=SESSION,
            hub_time=NOW,
            hub_epoch=1,
            epoch=12_345,
            through_seq=97,
            policy=_HELD,
            proof=ms.EpochProof(hub_epoch=1, opened_at=NOW, signature="AAAA"),
        ),
    ),
    "events": (
        Channel.EVENTS,
        ms.Events(
            epoch=12_345,
            first_seq=98,
            events=(
                msgspec.Raw(ev.encode_event(sample_event(ev.EventKind.ACCESS_GRANTED))),
                msgspec.Raw(
                    msgspec.json.encode(ev.Gap(gap=(99, 120), reason=ev.GapReason.UNREADABLE))
                ),
                msgspec.Raw(ev.encode_event(sample_event(ev.EventKind.DOOR_OPENED))),
            ),
        ),
    ),
    "ack": (Channel.ACKS, ms.Ack(epoch=12_345, through_seq=121)),
    "policy_delta": (
        Channel.POLICY,
        ms.PolicyDelta(
            hub_epoch=1,
            from_version=41,
            to_version=42,
            put=(msgspec.Raw(ENTRIES[0]),),
            drop=(DroppedEntry("grant", GRANT),),
            digest=_HELD.digest,
        ),
    ),
    "policy_chunk": (
        Channel.POLICY,
        ms.PolicyChunk(
            hub_epoch=1,
            version=42,
            session=SESSION,
            index=0,
            count=1,
            digest=_HELD.digest,
            entries=tuple(msgspec.Raw(entry) for entry in ENTRIES),
        ),
    ),
    "want": (Channel.WANT, ms.Want(session=SESSION, from_version=None)),
    "reported": (
        Channel.REPORTED,
        ms.Reported(
            session=SESSION,
            hub_epoch=1,
            version=42,
            digest=_HELD.digest,
            rejected=(
                ms.Rejected(
                    kind="elevator", id=sample_id(40), rev=1, reason=EntryRejection.UNKNOWN_KIND
                ),
            ),
        ),
    ),
    "command": (
        Channel.COMMANDS,
        ms.Command(
            command_id=sample_id(30),
            session=SESSION,
            sent_at=NOW,
            door=DOOR,
            action="unlock",
            pulse_ms=5_000,
            life_ms=10_000,
            actor=ACTOR,
            reason="鍵の忘れ物",
        ),
    ),
}
