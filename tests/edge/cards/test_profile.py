"""Profiles: what is shipped, what a town writes, and what is said about a mistake."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cards.profile import CardProfile, ProfileError, fill, parse_profile
from edge.cards.profile_files import choose_profiles, load_faces, load_profiles

FOLDER = resources.files("edge.cards") / "profiles"
ECDSA = (FOLDER / "iso7816-ecdsa-p256.toml").read_text(encoding="utf-8")
FELICA = (FOLDER / "felica-lite-s.toml").read_text(encoding="utf-8")
TEMPLATE = (FOLDER / "my-number-card-application.toml.template").read_text(encoding="utf-8")


def test_the_shipped_profiles_are_an_identifier_and_four_challenges(
    profiles: dict[str, CardProfile],
) -> None:
    proves = {name: profile.challenge is not None for name, profile in profiles.items()}
    assert proves == {
        "identifier": False,
        "iso7816-ecdsa-p256": True,
        "iso7816-aes-cmac": True,
        "desfire-ev2-aes": True,
        "felica-lite-s": True,
    }


def test_the_my_number_template_names_what_a_town_must_fill_in() -> None:
    with pytest.raises(ProfileError) as caught:
        parse_profile(TEMPLATE, "town.toml")
    assert (caught.value.file, caught.value.key) == ("town.toml", "values.aid")
    assert "FILL-IN" in caught.value.remedy


def test_a_town_adds_its_own_profile_by_a_file(tmp_path: Path) -> None:
    own = TEMPLATE.replace("FILL-IN", "F0 11 22 33 44")
    (tmp_path / "own.toml").write_text(own, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a profile", encoding="utf-8")
    profiles = load_profiles(tmp_path)
    chosen = choose_profiles(profiles, ("my-number-card-application", "identifier"))
    assert [one.id for one in chosen] == ["my-number-card-application", "identifier"]


def test_an_unknown_profile_is_named_with_those_that_are_known(
    profiles: dict[str, CardProfile],
) -> None:
    with pytest.raises(ProfileError, match=r"edge\.toml: profiles: 'x' is not known.*identifier"):
        choose_profiles(profiles, ("x",), "edge.toml")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('id = "iso7816-ecdsa-p256"\n', "", "id"),
        ('id = "iso7816-ecdsa-p256"', "id = 7", "id"),
        ('title = "', 'titel = "', "titel"),
        ('name = "card number"\n', "", "step[1].name"),
        ("[values]", "[values", "(the file)"),
        ('"iso7816" = "p256"', '"iso9999" = "p256"', "namespaces"),
        ('"iso7816" = "p256"', '"iso7816" = "P 256"', "namespaces[...]"),
        ("F0 4B", "F0 4", "values.aid"),
        ("aid =", "nonce =", "values.nonce"),
        ('"{aid}"', '"{aied}"', "step[0].data"),
        ('"{aid}"', '"F"', "step[0].data"),
        ('command = "00 CA 01 01"', 'command = "00 CA 01"', "step[1].command"),
        ('command = "00 CA 01 01"', 'command = "00 CA 01 {x}"', "step[1].command"),
        ('absent = ["*"]', 'absent = ["6A82", "6a82"]', "step[0].absent[1]"),
        ('absent = ["*"]', 'absent = ["9000"]', "step[0].absent"),
        ("le = 256\nabsent", "le = 0\nabsent", "step[0].le"),
        ("max_bytes = 16", "max_bytes = 4", "step[1].min_bytes"),
        ("max_bytes = 16", "max_bytes = 200", "step[1].max_bytes"),
        ("min_bytes = 8\n", "", "step[1].keep"),
        ('keep = "number"', 'keep = "signature"', "step"),
        ('keep = "number"\n', "", "step"),
        ('"{nonce}"', '"00"', "step"),
        ('"label", "nonce", "number"', '"label", "number"', "challenge.signed"),
        ('"label", "nonce", "number"', '"number", "nonce"', "challenge.signed"),
        ('"label", "nonce", "number"', '"nonce", "nonce"', "challenge.signed"),
        ("kagimori/card-auth", "鍵守/card-auth", "challenge.label"),
        ("nonce_bytes = 32", "nonce_bytes = 8", "challenge.nonce_bytes"),
        ('key_source = "policy"', 'key_source = "card"', "challenge.key_source"),
        ('scheme = "ecdsa-p256-sha256"', 'scheme = "rot13"', "challenge.scheme"),
        ("[challenge]", "[number]\nis_uid = true\n\n[challenge]", "number.is_uid"),
    ],
)
def test_a_mistake_in_a_profile_is_told_with_file_key_and_remedy(
    old: str, new: str, key: str
) -> None:
    assert old in ECDSA
    with pytest.raises(ProfileError) as caught:
        parse_profile(ECDSA.replace(old, new, 1), "town.toml")
    assert (caught.value.file, caught.value.key) == ("town.toml", key)
    assert caught.value.remedy
    assert str(caught.value) == f"town.toml: {key}: {caught.value.remedy}"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("[reader]\n", "[other]\n", "other"),
        ('[reader]\ncommand = "FF 00 00 00"\ndata = "{frame}"\nanswer_head = ""\n', "", "reader"),
        ('command = "FF 00 00 00"', 'command = "FF 00"', "reader.command"),
        ('data = "{frame}"', 'data = "{fram}"', "reader.data"),
        ('data = "{frame}"', 'data = "D4 40 01"', "reader.data"),
        ('data = "{frame}"', 'data = "{frame}{frame}"', "reader.data"),
        ('data = "{frame}"', f'data = "{"00" * 224}{{frame}}"', "reader.data"),
        ('answer_head = ""', 'answer_head = "D"', "reader.answer_head"),
        ('felica = "felica"', 'iso15693 = "felica"', "namespaces"),
        ("is_uid = true", "is_uid = false", "namespaces"),
        ("felica-lite-s-mac-a", "desfire-ev2-aes-128", "reader"),
        ('key_source = "policy"', 'key_source = "policy"\nsigned = ["nonce"]', "challenge.signed"),
        ('keep = "number"', 'keep = "signature"', "step"),
    ],
)
def test_a_mistake_in_how_a_reader_passes_felica_on_is_told(old: str, new: str, key: str) -> None:
    assert old in FELICA
    with pytest.raises(ProfileError) as caught:
        parse_profile(FELICA.replace(old, new, 1), "town.toml")
    assert (caught.value.file, caught.value.key) == ("town.toml", key)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"nowhere.*create the folder"):
        load_profiles(tmp_path / "nowhere")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * 70_000])
def test_a_file_that_is_no_text_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.toml").write_bytes(content)
    with pytest.raises(ProfileError, match=r"bad\.toml"):
        load_profiles(tmp_path)


def test_a_bad_reader_face_is_named(tmp_path: Path) -> None:
    (tmp_path / "face.toml").write_text('id = "x"\ntitle = "x"\n', encoding="utf-8")
    with pytest.raises(ProfileError, match=r"face\.toml.*namespaces"):
        load_faces(tmp_path)


def test_templates_are_filled_with_hex_and_names() -> None:
    assert fill("00 a4 {aid}00", {"aid": b"\x01\x02"}).hex() == "00a4010200"
    assert fill("", {}) == b""


@given(st.text(max_size=30))
def test_any_template_is_filled_or_refused(template: str) -> None:
    try:
        fill(template, {"nonce": bytes(4)})
    except ValueError as error:
        assert str(error)


@given(st.integers(0, len(ECDSA) - 1), st.sampled_from('"[]=\n{}x0é'))
def test_a_slip_of_the_finger_anywhere_is_a_profile_or_a_named_error(at: int, slip: str) -> None:
    try:
        parse_profile(ECDSA[:at] + slip + ECDSA[at + 1 :], "town.toml")
    except ProfileError as error:
        assert error.file == "town.toml"
        assert error.key
        assert error.remedy
