"""The messages, one frozen struct for each channel (two for `down/policy`).

Numbers stay within 2^53 - 1, so that any JSON reader can follow. Unknown fields are ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Annotated, Final, TypeAlias, TypeVar

import msgspec

from wire.clock import ClockReading, Instant
from wire.errors import WireError, WireFault
from wire.policy import DroppedEntry, EntryRejection
from wire.policy_bodies import Id
from wire.topics import Channel
from wire.version import WIRE_VERSION

MAX_SAFE: Final = (1 << 53) - 1
MAX_EVENTS_A_MESSAGE: Final = 100
MAX_FORMER_PLACES: Final = 4
MAX_LIFE_MS: Final = 10_000

Counter: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=MAX_SAFE)]
Pace: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Digest: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Session: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    """What all messages share."""


class Status(_Message, frozen=True, kw_only=True):
    """`up/status`, retained: birth and last will. A hint for people; nothing is derived from it."""

    online: bool
    agent: str = ""


class HeldPolicy(_Message, frozen=True, kw_only=True):
    """The policy a side holds or wants held."""

    version: Counter
    digest: Digest


class EdgePolicy(HeldPolicy, frozen=True, kw_only=True):
    """The policy an edge holds; 0, 0 and the empty digest on a fresh store."""

    hub_epoch: Counter


class DeviceState(_Message, frozen=True, kw_only=True):
    """A device as seen at connect: `online`, `offline` or `fault`."""

    id: Id
    state: Annotated[str, msgspec.Meta(max_length=16)]
    cause: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Hello(_Message, frozen=True, kw_only=True):
    """`up/hello`, at each connect. `session` is 128 random bits the edge has just drawn; `epoch`
    and `last_seq` are its journal's; 0 for `last_seq` in an empty one. `through_seq` is the hub's
    watermark as the edge knows it: the least, where it knows none."""

    session: Session
    boot_id: Annotated[str, msgspec.Meta(min_length=1, max_length=36)]
    agent: Annotated[str, msgspec.Meta(max_length=64)]
    epoch: Counter
    last_seq: Counter
    policy: EdgePolicy
    clock: ClockReading
    devices: tuple[DeviceState, ...] = ()
    through_seq: Counter = 0
    wire: str = WIRE_VERSION


class EpochProof(_Message, frozen=True, kw_only=True):
    """The CA's word that a hub epoch was opened: see `wire.epochs`. `signature` is base64."""

    hub_epoch: Counter
    opened_at: Instant
    signature: Annotated[str, msgspec.Meta(max_length=200)]


class Welcome(_Message, frozen=True, kw_only=True):
    """`down/welcome`, within 1 s of the hello it answers, naming its session.

    The only source of signed time: `hub_time` is right within half the round trip. `epoch` and
    `through_seq` are the hub's watermark for the epoch of the hello; `since_hash` is
    `hash_of_hashes` of the rows after the hello's `through_seq` up to it: another than the edge's
    own tells of two machines with one identity (None: not told). `backlog_per_s` are the rows a
    second that a backlog may come with, None: as fast as it goes; new events are never held back.
    """

    session: Session
    hub_time: Instant
    hub_epoch: Counter
    epoch: Counter
    through_seq: Counter
    policy: HeldPolicy
    proof: EpochProof
    since_hash: Digest | None = None
    backlog_per_s: Pace | None = None
    wire: str = WIRE_VERSION


class FormerPlace(_Message, frozen=True, kw_only=True):
    """Where a row stood before it was moved into a new epoch."""

    epoch: Counter
    seq: Annotated[int, msgspec.Meta(ge=1, le=MAX_SAFE)]


class Events(_Message, frozen=True, kw_only=True):
    """`up/events`: rows from `first_seq` on, each an event or a gap (`wire.events.decode_row`).
    `was`: where the first of them stood in earlier epochs, if they were moved from there: what the
    hub holds there already counts once."""

    epoch: Counter
    first_seq: Annotated[int, msgspec.Meta(ge=1, le=MAX_SAFE)]
    events: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(max_length=MAX_EVENTS_A_MESSAGE)]
    was: Annotated[tuple[FormerPlace, ...], msgspec.Meta(max_length=MAX_FORMER_PLACES)] = ()


class Ack(_Message, frozen=True, kw_only=True):
    """`down/acks`, after the hub's commit: everything in `epoch` through `through_seq` is safe.
    `since_hash` is that of the rows after `since_seq` up to `through_seq`; None for `backlog_per_s`
    changes nothing."""

    epoch: Counter
    through_seq: Counter
    since_seq: Counter = 0
    since_hash: Digest | None = None
    backlog_per_s: Pace | None = None


class PolicyDelta(_Message, frozen=True, kw_only=True):
    """`down/policy`: changes from one version to the next held. `put` are entries' bytes."""

    hub_epoch: Counter
    from_version: Counter = msgspec.field(name="from")
    to_version: Counter = msgspec.field(name="to")
    put: tuple[msgspec.Raw, ...] = ()
    drop: tuple[DroppedEntry, ...] = ()
    digest: Digest


class PolicyChunk(_Message, frozen=True, kw_only=True):
    """`down/policy`: one of `count` chunks of a snapshot, numbered from 0. A fresh store takes
    only a snapshot that names its session."""

    hub_epoch: Counter
    version: Counter
    session: Session
    index: Annotated[int, msgspec.Meta(ge=0, le=100_000)]
    count: Annotated[int, msgspec.Meta(ge=1, le=100_000)]
    digest: Digest
    entries: tuple[msgspec.Raw, ...] = ()

    def __post_init__(self) -> None:
        if self.index >= self.count:
            raise ValueError("chunks are numbered from 0 to count - 1")


class Want(_Message, frozen=True, kw_only=True):
    """`up/want`: asks for a delta from that version or, with null, a snapshot."""

    session: Session
    from_version: Counter | None = msgspec.field(name="from")


class Rejected(_Message, frozen=True, kw_only=True):
    """An entry the edge left out of its index, and why."""

    kind: Annotated[str, msgspec.Meta(max_length=32)]
    id: Annotated[str, msgspec.Meta(max_length=128)]
    rev: Counter
    reason: EntryRejection


class Reported(_Message, frozen=True, kw_only=True):
    """`up/reported`: what the edge's index holds now, computed after the swap. It names its
    session: a report that a broker kept proves nothing of what is held today."""

    session: Session
    hub_epoch: Counter
    version: Counter
    digest: Digest
    rejected: tuple[Rejected, ...] = ()


class Command(_Message, frozen=True, kw_only=True):
    """`down/commands`, never retained: `unlock` is the only one. It holds for the session it
    names and for `life_ms` of the edge's monotonic clock after it came in, less what it was
    certainly on its way: `sent_at` is by the clock that stamps the welcome."""

    command_id: Id
    session: Session
    sent_at: Instant
    door: Id
    action: Annotated[str, msgspec.Meta(pattern="^unlock$")]
    pulse_ms: Annotated[int, msgspec.Meta(ge=100, le=300_000)]
    life_ms: Annotated[int, msgspec.Meta(ge=1, le=MAX_LIFE_MS)]
    actor: Id
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


Message: TypeAlias = (
    Status | Hello | Welcome | Events | Ack | PolicyDelta | PolicyChunk | Want | Reported | Command
)

_M = TypeVar("_M", bound=msgspec.Struct)

TYPES: Final[dict[Channel, type[Message] | None]] = {
    Channel.STATUS: Status,
    Channel.HELLO: Hello,
    Channel.EVENTS: Events,
    Channel.WANT: Want,
    Channel.REPORTED: Reported,
    Channel.WELCOME: Welcome,
    Channel.ACKS: Ack,
    Channel.POLICY: None,  # a delta or a chunk: `decode_policy` tells
    Channel.COMMANDS: Command,
}

_encoder: Final = msgspec.json.Encoder()
_decoders: Final = {
    kind: msgspec.json.Decoder(kind)
    for kind in (
        Status,
        Hello,
        Welcome,
        Events,
        Ack,
        PolicyDelta,
        PolicyChunk,
        Want,
        Reported,
        Command,
    )
}


def encode(message: Message) -> bytes:
    """Make a message's JSON bytes."""
    return _encoder.encode(message)


def hash_of_hashes(hashes: Iterable[bytes]) -> str:
    """Give one digest over the SHA-256s of rows that follow one another."""
    return sha256(b"".join(hashes)).hexdigest()


def encode_events(
    epoch: int, first_seq: int, rows: list[bytes], was: Sequence[tuple[int, int]] = ()
) -> bytes:
    """Make an events message around rows that are bytes already, none of them touched; `was` are
    the (epoch, seq) at which the first one stood before."""
    body = b",".join(rows)
    if not was:
        return b'{"epoch":%d,"first_seq":%d,"events":[%b]}' % (epoch, first_seq, body)
    places = b",".join(b'{"epoch":%d,"seq":%d}' % place for place in was)
    return b'{"epoch":%d,"first_seq":%d,"events":[%b],"was":[%b]}' % (
        epoch,
        first_seq,
        body,
        places,
    )


def decode(kind: type[_M], body: bytes) -> _M:
    """Read JSON bytes as one kind of message; raise `WireError` with `BAD_JSON` or `BAD_FIELD`."""
    try:
        return _decoders[kind].decode(body)  # type: ignore[index, return-value]
    except msgspec.ValidationError as error:
        raise WireError(WireFault.BAD_FIELD, kind.__name__) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(WireFault.BAD_JSON, kind.__name__) from error


class _PolicyProbe(msgspec.Struct, frozen=True):
    """Just enough of a policy message to tell its two shapes apart."""

    count: int | None = None


_probe: Final = msgspec.json.Decoder(_PolicyProbe)


def decode_policy(body: bytes) -> PolicyDelta | PolicyChunk:
    """Read a `down/policy` message: a chunk has a `count`, a delta has none. Raises as `decode`."""
    try:
        chunk = _probe.decode(body).count is not None
    except msgspec.ValidationError as error:
        raise WireError(WireFault.BAD_FIELD, "policy") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(WireFault.BAD_JSON, "policy") from error
    return decode(PolicyChunk, body) if chunk else decode(PolicyDelta, body)
