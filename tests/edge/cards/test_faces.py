"""One card at different readers is the same card."""

from __future__ import annotations

from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cards.faces import ReaderFace, face_bits, face_identity
from edge.cards.faults import CardError, CardFault
from edge.cards.identity import Identity, is_part, narrow
from edge.cards.profile_files import load_faces

FACES = load_faces()
LONG = Identity("uid", bytes.fromhex("04A1B2C3D4E5F6"))
SHORT = Identity("uid", bytes.fromhex("A1B2C3D4"))
FELICA = Identity("felica", bytes.fromhex("0114B34D2A0B1C3D"))


def test_wiegand_26_bit_by_bit() -> None:
    # even bit over A1 B (six ones: 0), the bytes A1 B2 C3, odd bit over 2 C3 (five ones: 0)
    bits, count = face_bits(FACES["wiegand-26"], SHORT)
    assert (
        f"{int.from_bytes(bits, 'big'):032b}"[:count] == "0" + "101000011011" + "001011000011" + "0"
    )
    assert face_identity(FACES["wiegand-26"], bits, count) == Identity(
        "uid.first3", SHORT.value[:3]
    )


def test_a_reversed_whole_number_is_turned_round() -> None:
    assert face_bits(FACES["whole-reversed"], LONG) == (bytes.fromhex("F6E5D4C3B2A104"), 56)
    got = face_identity(FACES["whole-reversed"], bytes.fromhex("F6E5D4C3B2A104"), 56)
    assert got == LONG


def enrolled_and_tapped(card: Identity, enrol: ReaderFace, tap: ReaderFace) -> list[Identity]:
    return [face_identity(face, *face_bits(face, card)) for face in (enrol, tap)]


@pytest.mark.parametrize(
    ("card", "faces"),
    [
        (LONG, ["whole", "whole-reversed", "wiegand-58"]),
        (SHORT, ["whole", "whole-reversed"]),
        (FELICA, ["whole", "whole-reversed"]),
        (LONG, ["wiegand-34", "wiegand-34-reversed"]),
        (SHORT, ["wiegand-34", "wiegand-34-reversed"]),
    ],
)
def test_a_card_enrolled_at_one_reader_is_the_same_card_at_another(
    card: Identity, faces: list[str]
) -> None:
    for enrol, tap in permutations(faces, 2):
        at_enrolment, at_the_door = enrolled_and_tapped(card, FACES[enrol], FACES[tap])
        assert at_enrolment == at_the_door
        if not is_part(at_the_door.namespace):
            assert at_the_door == card, "and it is what PC/SC gives"


@pytest.mark.parametrize("face", ["wiegand-26", "wiegand-34", "wiegand-34-reversed"])
@pytest.mark.parametrize("card", [LONG, SHORT])
def test_a_card_enrolled_at_a_terminal_that_narrows_is_the_same_at_a_reader_that_cuts(
    card: Identity, face: str
) -> None:
    at_the_door = face_identity(FACES[face], *face_bits(FACES[face], card))
    assert narrow(card, at_the_door.namespace) == at_the_door


@given(st.sampled_from(sorted(FACES)), st.binary(max_size=12), st.integers(0, 100))
def test_any_bits_are_an_identity_or_a_named_fault(face: str, data: bytes, count: int) -> None:
    try:
        seen = face_identity(FACES[face], data, count)
    except CardError as error:
        assert error.fault in (CardFault.WRONG_LENGTH, CardFault.BAD_PARITY)
    else:
        assert FACES[face].namespaces[count] == seen.namespace


@given(st.binary(min_size=7, max_size=7))
def test_every_single_bit_error_between_parity_bits_is_noticed(uid: bytes) -> None:
    face = FACES["wiegand-58"]
    bits, count = face_bits(face, Identity("uid", uid))
    for bit in range(count):
        flipped = int.from_bytes(bits, "big") ^ 1 << (len(bits) * 8 - 1 - bit)
        with pytest.raises(CardError) as caught:
            face_identity(face, flipped.to_bytes(len(bits), "big"), count)
        assert caught.value.fault is CardFault.BAD_PARITY


def test_a_reader_cannot_send_a_card_that_does_not_fit() -> None:
    with pytest.raises(CardError):
        face_bits(FACES["wiegand-58"], SHORT)


def test_a_face_whose_frames_are_no_whole_bytes_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="whole bytes"):
        msgspec.convert(
            {"id": "x", "title": "x", "namespaces": {"27": "uid"}, "parity": True},
            ReaderFace,
            str_keys=True,
            strict=False,
        )
