"""Card profiles: how one kind of card is read, as data (docs/cards.md tells every key).

A profile maps card kinds to the namespace of the number it reads, lists the commands in order, and
says what of the answers is kept. With a `challenge` the card also proves itself.
"""

from __future__ import annotations

import re
import tomllib
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

from edge.cards.atr import CardKind

Namespace: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")]
Status: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^([69][0-9A-F]{3}|\*)$")]
ProfileId: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]

MAX_SIGNATURE: Final = 72
_LONGEST_FRAME: Final = 32
"""Of what is passed through a reader to a FeliCa card: the challenge and its address."""
_PLACE: Final = re.compile(r"`\$\.?([^`]*)`")
_FIELD: Final = re.compile(r"(?:missing required|unknown) field `([^`]+)`")
_TOKEN: Final = re.compile(r"\s*(?:\{([a-z][a-z0-9_]*)\}|([0-9A-Fa-f]{2}))")


class ProfileError(Exception):
    """A profile cannot be used: which file, which key of it, what is wrong and what to write."""

    def __init__(self, file: str, key: str, remedy: str) -> None:
        self.file = file
        self.key = key
        self.remedy = remedy
        super().__init__(f"{file}: {key}: {remedy}")


class Keep(StrEnum):
    """What an answer is kept as."""

    NUMBER = "number"
    SIGNATURE = "signature"


class SignedPart(StrEnum):
    """What a card signs, joined in the profile's order."""

    LABEL = "label"
    NONCE = "nonce"
    NUMBER = "number"


class SignatureForm(StrEnum):
    """How a card writes an ECDSA signature."""

    RAW = "raw"
    """r and s, 32 bytes each."""
    DER = "der"


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all tables of a profile share: a misspelt key is an error, not ignored."""


class Step(_Table, frozen=True, kw_only=True):
    """One command. `absent` lists the status words that mean 'not this kind of card', `*` any but
    `ok`; a status that is neither listed nor `ok` is an error. The answer less `skip_bytes` has
    `min_bytes` to `max_bytes`."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    command: str
    ok: Status = "9000"
    data: str = ""
    le: Annotated[int, msgspec.Meta(ge=1, le=256)] | None = None
    absent: tuple[Status, ...] = ()
    keep: Keep | None = None
    skip_bytes: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0
    min_bytes: Annotated[int, msgspec.Meta(ge=0, le=256)] = 0
    max_bytes: Annotated[int, msgspec.Meta(ge=0, le=256)] = 256

    def means_absent(self, status: int) -> bool:
        """Whether this status says that the card is of another kind."""
        named = f"{status:04X}"
        return named != self.ok and ("*" in self.absent or named in self.absent)


class NumberRule(_Table, frozen=True, kw_only=True):
    """`is_uid`: the number is the chip's own, refused where it is random (`identity.check_uid`)."""

    is_uid: bool = False


class Scheme(StrEnum):
    """How a card proves itself."""

    ECDSA = "ecdsa-p256-sha256"
    """It signs; the controller holds public keys alone."""
    CMAC = "aes-128-cmac"
    """It makes an AES-CMAC with a key that the controller holds too."""
    DESFIRE = "desfire-ev2-aes-128"
    """AuthenticateEV2First with such a key, after the steps (`edge.cards.desfire`)."""
    FELICA = "felica-lite-s-mac-a"
    """MAC_A under such a key, after the steps (`edge.cards.felica_lite_s`)."""

    @property
    def has_own_exchange(self) -> bool:
        """Whether the proof is an exchange of its own after the steps, and no step's answer."""
        return self in (Scheme.DESFIRE, Scheme.FELICA)


class Challenge(_Table, frozen=True, kw_only=True):
    """How the card proves itself under the key that the policy holds for it: over `signed`, or of
    scheme `desfire-ev2-aes-128` by the exchange with its key `key_number`, of `felica-lite-s-mac-a`
    by that through `reader`. `mac_bytes`: how much of a CMAC it sends, its first bytes."""

    scheme: Scheme
    key_source: Literal["policy"]
    signed: tuple[SignedPart, ...] = ()
    key_number: Annotated[int, msgspec.Meta(ge=0, le=13)] = 0
    mac_bytes: Annotated[int, msgspec.Meta(ge=8, le=16)] = 16
    label: Annotated[str, msgspec.Meta(max_length=64)] = ""
    nonce_bytes: Annotated[int, msgspec.Meta(ge=16, le=64)] = 32
    signature: SignatureForm = SignatureForm.RAW


class ReaderWrapping(_Table, frozen=True, kw_only=True):
    """How a reader passes a FeliCa frame on: a command whose `data` holds `{frame}`, and what leads
    the card's frame in the answer (hex digits)."""

    command: str
    data: str = "{frame}"
    le: Annotated[int, msgspec.Meta(ge=1, le=256)] | None = None
    answer_head: str = ""


class CardProfile(_Table, frozen=True, kw_only=True):
    """How one kind of card is read; `namespaces` says which kinds, and what their number is."""

    id: ProfileId
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    namespaces: dict[CardKind, Namespace]
    step: Annotated[tuple[Step, ...], msgspec.Meta(min_length=1, max_length=16)]
    values: dict[str, str] = {}
    number: NumberRule = NumberRule()
    challenge: Challenge | None = None
    reader: ReaderWrapping | None = None


def parse_profile(text: str, file: str) -> CardProfile:
    """Read a profile's TOML; raise `ProfileError` naming file, key and remedy."""
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(file, "(the file)", f"not TOML: {error}") from error
    try:
        profile = msgspec.convert(table, CardProfile)
    except msgspec.ValidationError as error:
        raise ProfileError(file, *_key_and_remedy(str(error))) from error
    for key, remedy in _problems(profile):
        raise ProfileError(file, key, remedy)
    return profile


def _key_and_remedy(message: str) -> tuple[str, str]:
    """Take the key out of a conversion error: a field it names, at the place it gives."""
    remedy, _, place = message.partition(" - at ")
    at = _PLACE.search(place)
    field = _FIELD.search(remedy)
    key = ".".join(part for part in (at and at[1], field and field[1]) if part)
    return key or "(the file)", remedy


def fill(template: str, values: dict[str, bytes]) -> bytes:
    """Give the bytes of a template of hex digits and `{names}`; raise `ValueError` for others."""
    parts, at = [], 0
    while template[at:].strip():
        token = _TOKEN.match(template, at)
        if token is None:
            raise ValueError("write pairs of hexadecimal digits and {names}")
        name, digits = token.groups()
        if name is not None and name not in values:
            known = ", ".join(sorted(values)) or "none"
            raise ValueError(f"{{{name}}} is not known here; known are {known}")
        parts.append(values[name] if name is not None else bytes.fromhex(digits))
        at = token.end()
    return b"".join(parts)


def fixed_values(profile: CardProfile) -> dict[str, bytes]:
    """Give the profile's `values` as bytes."""
    return {name: fill(text, {}) for name, text in profile.values.items()}


def _problems(profile: CardProfile) -> list[tuple[str, str]]:
    """List what the types cannot say, as (key, remedy), in the order of the file."""
    if not profile.namespaces:
        return [("namespaces", "name at least one kind of card and its namespace")]
    for name, text in profile.values.items():
        if name in ("nonce", "number", "signature"):
            return [(f"values.{name}", "choose another name: this one is the card's")]
        try:
            fill(text, {})
        except ValueError:
            return [(f"values.{name}", f"fill in hexadecimal digits instead of {text!r}")]
    steps = _step_problems(profile) or _kept_problems(profile)
    return steps + _challenge_problems(profile) + _reader_problems(profile)


def _step_problems(profile: CardProfile) -> list[tuple[str, str]]:
    challenge = profile.challenge
    known = fixed_values(profile)
    if challenge is not None:
        known["nonce"] = bytes(challenge.nonce_bytes)
    for index, step in enumerate(profile.step):
        key = f"step[{index}]"
        try:
            if len(fill(step.command, {})) != 4:
                return [(f"{key}.command", "write 4 bytes: CLA INS P1 P2")]
            if len(fill(step.data, known)) > 255:
                return [(f"{key}.data", "a command carries at most 255 bytes")]
        except ValueError as error:
            where = "data" if _is_hex(step.command) else "command"
            return [(f"{key}.{where}", str(error))]
        if step.ok == "*":
            return [(f"{key}.ok", "write the one status that means success")]
        if step.ok in step.absent:
            return [(f"{key}.absent", f"{step.ok} means that the card knows the command")]
        if step.min_bytes > step.max_bytes:
            return [(f"{key}.min_bytes", "must not exceed max_bytes")]
        if step.keep is not None and (step.le is None or not step.min_bytes):
            return [(f"{key}.keep", "needs `le` and a `min_bytes` of at least 1")]
        if step.keep is Keep.NUMBER:
            known["number"] = bytes(step.max_bytes)
    return []


def _is_hex(text: str) -> bool:
    try:
        fill(text, {})
    except ValueError:
        return False
    return True


def _kept_problems(profile: CardProfile) -> list[tuple[str, str]]:
    challenge = profile.challenge
    signs = challenge is not None and not challenge.scheme.has_own_exchange
    wanted = [Keep.NUMBER] + ([Keep.SIGNATURE] if signs else [])
    for keep in Keep:
        steps = [step for step in profile.step if step.keep is keep]
        if len(steps) != wanted.count(keep):
            count = "exactly one step" if keep in wanted else "no step"
            return [("step", f"{count} must keep the {keep.value}")]
        limit = MAX_SIGNATURE if keep is Keep.SIGNATURE else 64
        if steps and steps[0].max_bytes > limit:
            index = profile.step.index(steps[0])
            return [(f"step[{index}].max_bytes", f"a {keep.value} has at most {limit} bytes")]
    return []


def _challenge_problems(profile: CardProfile) -> list[tuple[str, str]]:
    challenge = profile.challenge
    if challenge is None:
        return []
    if challenge.scheme.has_own_exchange:
        return [("challenge.signed", "leave it out: the exchange itself is the proof")] * bool(
            challenge.signed
        )
    if profile.number.is_uid:
        return [("number.is_uid", "a card that proves itself has a number of its own")]
    if challenge.scheme is Scheme.CMAC and challenge.signature is not SignatureForm.RAW:
        return [("challenge.signature", "a CMAC is raw")]
    signed = challenge.signed
    if SignedPart.NONCE not in signed or len(set(signed)) != len(signed):
        return [("challenge.signed", 'name each part once, "nonce" among them')]
    if SignedPart.NUMBER in signed[:-1]:
        return [("challenge.signed", 'put "number" last: its length varies')]
    if not challenge.label.isascii():
        return [("challenge.label", "write ASCII letters")]
    nonce_sent = any("{nonce}" in step.data for step in profile.step)
    return [] if nonce_sent else [("step", "one step must send {nonce}")]


def _reader_problems(profile: CardProfile) -> list[tuple[str, str]]:
    challenge, reader = profile.challenge, profile.reader
    if challenge is None or challenge.scheme is not Scheme.FELICA:
        return [("reader", "leave it out: only FeliCa frames are wrapped")] * (reader is not None)
    if reader is None:
        return [("reader", "say how the reader passes a FeliCa frame on")]
    if set(profile.namespaces) != {CardKind.FELICA} or not profile.number.is_uid:
        return [("namespaces", "name felica alone, with number.is_uid: the IDm is the number")]
    given = {"command": reader.command, "data": reader.data, "answer_head": reader.answer_head}
    for key, text in given.items():
        try:
            made = fill(text, {"frame": bytes(_LONGEST_FRAME)} if key == "data" else {})
        except ValueError as error:
            return [(f"reader.{key}", str(error))]
        if key == "command" and len(made) != 4:
            return [("reader.command", "write 4 bytes: CLA INS P1 P2")]
        if key == "data" and (reader.data.count("{frame}") != 1 or len(made) > 255):
            return [("reader.data", "name {frame} once, 255 bytes with what stands beside it")]
    return []
