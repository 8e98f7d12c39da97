"""From an authority to hub and controllers: the files each side gets, and what they say."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography import x509

from provisioning import controller_keys, enrolment, hub_keys
from provisioning.errors import ProvisioningError
from provisioning.keys import load_signing_key, load_tls_key, private_pem
from provisioning.register import Register
from wire.certificates import controller_id_in, load_certificates, signers_from
from wire.epochs import check_epoch
from wire.keys import HubSigner

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def register(tmp_path):
    return Register.create(tmp_path / "ca", "Test Town", NOW, timedelta(days=900))


@pytest.fixture
def hub(register, tmp_path):
    enrolment.init_hub(register, tmp_path / "hub", NOW)
    return tmp_path / "hub"


def test_every_file_of_keys_is_private(register, hub, tmp_path):
    enrolment.add_controller(register, hub, tmp_path / "c", NOW)
    enrolment.init_broker(register, tmp_path / "b", NOW)
    public = {"ca.pem", "crl.pem", "mosquitto.conf", "controller.pem", "hub-signing.pem"}
    public |= {"signing.pem", "mqtt.pem", "https.pem", "broker.pem"}
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name not in public:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_hub_and_controller_share_their_keys_and_nobody_elses(register, hub, tmp_path):
    first = enrolment.add_controller(register, hub, tmp_path / "one", NOW)
    second = enrolment.add_controller(register, hub, tmp_path / "two", NOW)
    held = hub_keys.load_link_keys(hub / "link-keys.json")
    assert set(held) == {first.controller, second.controller}
    for made in (first, second):
        identity = controller_keys.load_identity(made.directory / "identity.json")
        key = load_tls_key(made.directory / "controller.key")
        [certificate] = load_certificates((made.directory / "controller.pem").read_bytes())
        kept = held[made.controller]
        assert (identity.link, identity.pin) == (kept.link, kept.pin)
        assert key.public_key() == kept.public_key == certificate.public_key()
        assert controller_id_in(certificate) == made.controller
    assert held[first.controller].link != held[second.controller].link
    assert held[first.controller].pin != held[first.controller].link


def test_the_edge_finds_the_hubs_signing_key_and_epoch_vouched_for(register, hub, tmp_path):
    made = enrolment.add_controller(register, hub, tmp_path / "one", NOW)
    [ca] = load_certificates((made.directory / "ca.pem").read_bytes())
    signing = load_certificates((made.directory / "hub-signing.pem").read_bytes())
    ring = signers_from(ca, signing, NOW)
    signer = HubSigner(load_signing_key(hub / "signing.key"))
    assert ring.verifies(signer.kid, signer.sign(b"word"), b"word")
    proof = hub_keys.load_hub_epoch(hub / "hub-epoch.json")
    check_epoch(ca, proof)
    assert proof.hub_epoch == 1


def test_a_restored_hub_opens_the_next_epoch(register, hub):
    assert enrolment.open_next_epoch(register, hub, NOW) == 2
    proof = hub_keys.load_hub_epoch(hub / "hub-epoch.json")
    check_epoch(register.authority.certificate, proof)


def test_the_files_have_the_agreed_shape(register, hub, tmp_path):
    made = enrolment.add_controller(register, hub, tmp_path / "one", NOW)
    links = json.loads((hub / "link-keys.json").read_text())
    entry = links["controllers"][made.controller]
    assert links["v"] == 1
    assert set(entry) == {"link", "pin", "public_key"}
    assert entry["public_key"].startswith("-----BEGIN PUBLIC KEY-----")
    data = json.loads((hub / "data-keys.json").read_text())
    assert set(data) == {"v", "encrypt", "index", "pepper"}
    assert data["encrypt"]["active"] in data["encrypt"]["keys"]
    identity = json.loads((made.directory / "identity.json").read_text())
    assert set(identity) == {"v", "controller", "link", "pin"}


def test_with_a_signing_request_neither_key_nor_secrets_are_readable_on_the_way(
    register, hub, tmp_path
):
    """The requester alone opens its identity; somebody else's key opens nothing."""
    asked = enrolment.request_enrolment(tmp_path / "pi")
    request = tmp_path / "pi" / "controller.csr"
    made = enrolment.answer_request(register, hub, tmp_path / "answer", request, NOW)
    assert made.controller == asked.controller
    assert not list((tmp_path / "answer").glob("*.key"))
    sealed = (tmp_path / "answer" / "identity.sealed.json").read_bytes()
    kept = hub_keys.load_link_keys(hub / "link-keys.json")[made.controller]
    for secret in (kept.link.secret, kept.pin.secret):
        assert hub_keys.encode_secret(secret).encode() not in sealed
    own = load_tls_key(tmp_path / "pi" / "controller.key")
    opened = controller_keys.open_sealed_identity(sealed, own)
    assert (opened.link, opened.pin) == (kept.link, kept.pin)
    other = enrolment.add_controller(register, hub, tmp_path / "other", NOW)
    key = load_tls_key(other.directory / "controller.key")
    with pytest.raises(ProvisioningError):
        controller_keys.open_sealed_identity(sealed, key)


def test_a_known_controller_is_not_enrolled_again_even_after_revocation(register, hub, tmp_path):
    made = enrolment.add_controller(register, hub, tmp_path / "one", NOW)
    with pytest.raises(ProvisioningError, match="new id"):
        enrolment.add_controller(register, hub, tmp_path / "two", NOW, made.controller)
    enrolment.revoke(register, made.controller, NOW, hub, None)
    with pytest.raises(ProvisioningError, match="new id"):
        enrolment.add_controller(register, hub, tmp_path / "three", NOW, made.controller)


def test_revocation_enters_list_and_book_and_the_hub_forgets(register, hub, tmp_path):
    made = enrolment.add_controller(register, hub, tmp_path / "one", NOW)
    assert enrolment.revoke(register, made.controller, NOW, hub, None) == 1
    listed = x509.load_pem_x509_crl(register.revocation_list())
    [certificate] = load_certificates((made.directory / "controller.pem").read_bytes())
    assert [entry.serial_number for entry in listed] == [certificate.serial_number]
    assert hub_keys.load_link_keys(hub / "link-keys.json") == {}
    with pytest.raises(ProvisioningError):
        enrolment.revoke(register, made.controller, NOW, hub, None)


@pytest.mark.parametrize(
    "name", ["hub", "ABCDEFGHIJKLMNOP", "0123456789abcde/", "+", " ", "a" * 17]
)
def test_a_name_that_is_no_controller_id_is_refused(register, hub, tmp_path, name):
    with pytest.raises(ProvisioningError):
        enrolment.add_controller(register, hub, tmp_path / "x", NOW, name)
    with pytest.raises(ProvisioningError):
        enrolment.request_enrolment(tmp_path / "x", name)
    assert not (tmp_path / "x").exists()


def test_no_directory_of_keys_is_ever_overwritten(register, hub, tmp_path):
    before = (hub / "signing.key").read_bytes()
    with pytest.raises(ProvisioningError, match="exists already"):
        enrolment.init_hub(register, hub, NOW)
    with pytest.raises(ProvisioningError, match="exists already"):
        Register.create(tmp_path / "ca", "Other", NOW, timedelta(days=9))
    assert (hub / "signing.key").read_bytes() == before


def test_an_authority_with_a_passphrase_opens_with_it_only(tmp_path):
    Register.create(tmp_path, "T", NOW, timedelta(days=9), passphrase=b"open sesame")
    assert Register.load(tmp_path, b"open sesame").authority.organisation == "T"
    for wrong in (None, b"wrong"):
        with pytest.raises(ProvisioningError):
            Register.load(tmp_path, wrong)


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{}",
        b'{"v":2,"controllers":{}}',
        b'{"v":1,"controllers":{"0123456789abcdef":{"link":"x","pin":"x","public_key":"x"}}}',
        b'{"v":1,"controllers":{"UP":{"link":"","pin":"","public_key":""}}}',
        b"\xff\xfe",
    ],
)
def test_a_damaged_file_of_link_keys_is_named(tmp_path, damage):
    path = tmp_path / "link-keys.json"
    path.write_bytes(damage)
    path.chmod(0o600)
    with pytest.raises(ProvisioningError, match="link-keys"):
        hub_keys.load_link_keys(path)


def test_damaged_data_keys_and_epoch_are_named(hub):
    good = msgspec.json.decode((hub / "data-keys.json").read_bytes())
    for change in ({"index": "AAAA"}, {"encrypt": {"active": "x", "keys": {}}}, {"pepper": "!"}):
        (hub / "data-keys.json").write_bytes(msgspec.json.encode({**good, **change}))
        with pytest.raises(ProvisioningError, match="data-keys"):
            hub_keys.load_data_keys(hub / "data-keys.json")
    (hub / "hub-epoch.json").write_bytes(b"[]")
    with pytest.raises(ProvisioningError, match="hub-epoch"):
        hub_keys.load_hub_epoch(hub / "hub-epoch.json")


def test_a_key_of_another_kind_is_refused_by_name(hub):
    (hub / "signing.key").write_bytes(private_pem(load_tls_key(hub / "mqtt.key")))
    with pytest.raises(ProvisioningError, match="Ed25519"):
        load_signing_key(hub / "signing.key")


def test_secrets_never_show_in_a_repr(register, hub, tmp_path):
    made = enrolment.add_controller(register, hub, tmp_path / "one", NOW)
    identity = controller_keys.load_identity(made.directory / "identity.json")
    data = hub_keys.load_data_keys(hub / "data-keys.json")
    for shown in (repr(identity), repr(data)):
        assert repr(identity.link.secret) not in shown
        assert repr(data.index) not in shown
