"""Reads one card: a profile's commands out, the card's answers in, no I/O.

`read_card` is a generator. Whoever holds the card sends it what the generator yields and hands back
the answer; it returns a `CardRead` or raises `CardError`. At most 16 steps of 9 exchanges each, so
no card can keep a reader for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from edge.cards import desfire
from edge.cards.apdu import (
    MAX_ANSWER,
    STATUS_OK,
    Answer,
    decode_answer,
    encode_command,
    get_response,
    with_le,
)
from edge.cards.atr import CardKind, card_kind
from edge.cards.faults import CardError, CardFault
from edge.cards.identity import Identity, check_uid
from edge.cards.keyring import CardKeys, NoCardKeys
from edge.cards.profile import (
    CardProfile,
    Challenge,
    Keep,
    ReaderWrapping,
    Scheme,
    SignatureForm,
    Step,
    fill,
    fixed_values,
)
from edge.cards.signatures import raw_signature
from edge.core.model import ChallengeProof

_MAX_FOLLOW_UPS: Final = 8
_MORE_DATA: Final = 0x61
_WRONG_LE: Final = 0x6C


@dataclass(frozen=True, slots=True)
class CardRead:
    """What a card told: who it says it is and, for a challenge profile, its unverified proof."""

    profile: str
    identity: Identity = field(repr=False)
    proof: ChallengeProof | None = None


Script: TypeAlias = Generator[bytes, bytes, CardRead]


def read_card(
    profiles: Iterable[CardProfile],
    atr: bytes,
    nonce: Callable[[int], bytes],
    keys: CardKeys | None = None,
) -> Script:
    """Read a card by the first of `profiles` that knows it.

    `nonce` gives so many fresh unpredictable bytes; `keys` are those that cards share with us: one
    that has none here is read without a proof. Raises `CardError`; `UNSUPPORTED` when no profile
    knows the card.
    """
    kind = card_kind(atr)
    for profile in profiles:
        if kind in profile.namespaces:
            read = yield from _read_by(profile, kind, nonce, keys or NoCardKeys())
            if read is not None:
                return read
    if kind is CardKind.TYPE_B_STORAGE:
        raise CardError(CardFault.PSEUDO_IDENTIFIER, "type B")
    raise CardError(CardFault.UNSUPPORTED, kind.value)


def run_script(script: Script, transmit: Callable[[bytes], bytes]) -> CardRead:
    """Drive a script to its end with a function that sends a command and gives the answer."""
    try:
        command = next(script)
        while True:
            command = script.send(transmit(command))
    except StopIteration as stop:
        read: CardRead = stop.value
        return read


def _read_by(
    profile: CardProfile, kind: CardKind, nonce: Callable[[int], bytes], keys: CardKeys
) -> Generator[bytes, bytes, CardRead | None]:
    """Run one profile's steps; None when the card is not of its kind."""
    values = fixed_values(profile)
    challenge = profile.challenge
    if challenge is not None:
        values["nonce"] = nonce(challenge.nonce_bytes)
    for step in profile.step:
        command = encode_command(fill(step.command, {}), fill(step.data, values), step.le)
        answer = yield from _exchange(command)
        if step.means_absent(answer.status):
            return None
        data = _checked(step, answer)
        if step.keep is not None:
            values[step.keep.value] = data
    identity = _identity(profile, kind, values)
    if challenge is not None and challenge.scheme.has_own_exchange:
        proof = yield from _proof(profile, challenge, identity, keys, nonce)
        return CardRead(profile.id, identity, proof)
    return _result(profile, identity, values)


def _proof(
    profile: CardProfile,
    challenge: Challenge,
    identity: Identity,
    keys: CardKeys,
    nonce: Callable[[int], bytes],
) -> Generator[bytes, bytes, ChallengeProof | None]:
    """Have a card prove a key that we share with it; None where it shares none with us here."""
    key = keys.key_of(identity)
    if key is None:
        return None
    if profile.reader is not None:
        return (yield from _felica(profile.id, profile.reader, identity.value, nonce))
    return (yield from _desfire(profile.id, challenge, key, nonce))


def _felica(
    profile: str, reader: ReaderWrapping, idm: bytes, nonce: Callable[[int], bytes]
) -> Generator[bytes, bytes, ChallengeProof]:
    """Write our bytes to the card and read its MAC over them; the loop checks it."""
    from edge.cards import felica_lite_s

    drawn = nonce(felica_lite_s.CHALLENGE)
    written = yield from _passed(reader, felica_lite_s.write_challenge(idm, drawn))
    felica_lite_s.check_written(written, idm)
    answered = yield from _passed(reader, felica_lite_s.read_proof(idm))
    return ChallengeProof(profile, drawn, felica_lite_s.told(answered, idm))


def _passed(reader: ReaderWrapping, frame: bytes) -> Generator[bytes, bytes, bytes]:
    """Send a FeliCa frame through the reader and give the card's."""
    data = fill(reader.data, {"frame": frame})
    answer = yield from _exchange(encode_command(fill(reader.command, {}), data, reader.le))
    if answer.status != STATUS_OK:
        raise CardError(CardFault.BAD_STATUS, f"FeliCa frame: {answer.status:04X}")
    head = fill(reader.answer_head, {})
    if not answer.data.startswith(head):
        raise CardError(CardFault.MALFORMED_ANSWER, "FeliCa frame: led by other bytes")
    return answer.data[len(head) :]


def _desfire(
    profile: str, challenge: Challenge, key: bytes, nonce: Callable[[int], bytes]
) -> Generator[bytes, bytes, ChallengeProof]:
    """Authenticate with a key that we share with the card. A card that refuses ours has given a
    proof that does not hold: it is no card without a proof."""
    drawn = nonce(desfire.BLOCK)
    begun = yield from _exchange(desfire.first_command(challenge.key_number))
    if begun.status != desfire.MORE_FRAMES or len(begun.data) != desfire.BLOCK:
        raise CardError(CardFault.BAD_STATUS, f"authenticate: {begun.status:04X}")
    sent = desfire.our_half(key, begun.data, drawn)
    ended = yield from _exchange(desfire.second_command(sent))
    if ended.status == desfire.AUTHENTICATION_ERROR:
        return ChallengeProof(profile, drawn, b"")
    if ended.status != desfire.DONE or len(ended.data) != 2 * desfire.BLOCK:
        raise CardError(CardFault.BAD_STATUS, f"authenticate: {ended.status:04X}")
    transcript = desfire.Transcript(begun.data, sent, ended.data)
    return ChallengeProof(profile, drawn, transcript.joined())


def _exchange(command: bytes) -> Generator[bytes, bytes, Answer]:
    """Send one command; follow 61xx (GET RESPONSE) and 6Cxx (again, with the right length)."""
    collected, sent = b"", command
    for _ in range(1 + _MAX_FOLLOW_UPS):
        answer = decode_answer((yield sent))
        first, second = divmod(answer.status, 256)
        if first == _WRONG_LE and sent == command and len(command) > 4:
            sent = with_le(command, second)
            continue
        collected += answer.data
        if len(collected) > MAX_ANSWER:
            raise CardError(CardFault.WRONG_LENGTH, "over 256 bytes")
        if first != _MORE_DATA:
            return Answer(collected, answer.status)
        sent = get_response(command[0] & 0x03, second)
    raise CardError(CardFault.MALFORMED_ANSWER, "no end of follow-ups")


def _checked(step: Step, answer: Answer) -> bytes:
    if f"{answer.status:04X}" != step.ok:
        raise CardError(CardFault.BAD_STATUS, f"{step.name}: {answer.status:04X}")
    data = answer.data[step.skip_bytes :]
    if len(answer.data) < step.skip_bytes or not step.min_bytes <= len(data) <= step.max_bytes:
        raise CardError(CardFault.WRONG_LENGTH, f"{step.name}: {len(answer.data)} bytes")
    return data


def _identity(profile: CardProfile, kind: CardKind, values: dict[str, bytes]) -> Identity:
    number = values[Keep.NUMBER.value]
    if profile.number.is_uid:
        check_uid(kind, number)
    return Identity(profile.namespaces[kind], number)


def _result(profile: CardProfile, identity: Identity, values: dict[str, bytes]) -> CardRead:
    challenge = profile.challenge
    if challenge is None:
        return CardRead(profile.id, identity)
    signature = values[Keep.SIGNATURE.value]
    if challenge.scheme is Scheme.CMAC:
        if len(signature) != challenge.mac_bytes:
            raise CardError(CardFault.WRONG_LENGTH, f"MAC of {len(signature)} bytes")
    elif challenge.signature is SignatureForm.DER:
        signature = raw_signature(signature)
    elif len(signature) != 64:
        raise CardError(CardFault.WRONG_LENGTH, f"signature of {len(signature)} bytes")
    return CardRead(profile.id, identity, ChallengeProof(profile.id, values["nonce"], signature))
