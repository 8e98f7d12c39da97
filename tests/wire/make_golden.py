"""Writes the golden files of the present wire version: `python -m tests.wire.make_golden`.

Run it when a minor version is opened. Files of a released version are never written again: the
tests decode them for ever.
"""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wire import messages, samples
from wire.envelope import seal
from wire.events import EventKind, encode_event
from wire.keys import HubSigner, LinkKey, PinKey
from wire.pins import card_digest, pin_digest
from wire.policy import EntryKind, EntryRejection, PolicyDigest, entry_hash
from wire.reasons import Reason
from wire.topics import SIGNED, Channel, topic_of
from wire.version import WIRE_VERSION

GOLDEN = Path(__file__).parent / "golden"
LINK = LinkKey(bytes(range(32)))
PIN = PinKey(bytes(range(32, 64)))
SIGNER_SEED = bytes(range(64, 96))


def vectors() -> dict[str, object]:
    """Give the computed vectors: envelopes, digests, and the closed lists."""
    signer = HubSigner(Ed25519PrivateKey.from_private_bytes(SIGNER_SEED))
    envelopes = {}
    for name, (channel, message) in samples.MESSAGES.items():
        topic = topic_of(samples.CONTROLLER, channel)
        sealed = seal(topic, messages.encode(message), LINK, signer if channel in SIGNED else None)
        envelopes[name] = {"topic": topic, "payload": sealed.hex()}
    return {
        "keys": {
            "link": LINK.secret.hex(),
            "pin": PIN.secret.hex(),
            "signer_seed": SIGNER_SEED.hex(),
        },
        "envelopes": envelopes,
        "pin_digests": [
            {
                "door": samples.DOOR,
                "digits": digits,
                "digest": pin_digest(PIN, samples.DOOR, digits),
            }
            for digits in ("4827", "482716", "0000000000")
        ],
        "card_digests": [
            {
                "namespace": "uid",
                "identity": "04a1b2c3d4e5f6",
                "digest": card_digest(PIN, "uid", bytes.fromhex("04a1b2c3d4e5f6")),
            }
        ],
        "policy_digest": PolicyDigest(map(entry_hash, samples.ENTRIES)).hex,
        "closed_lists": {
            "channels": [item.value for item in Channel],
            "event_kinds": [item.value for item in EventKind],
            "reasons": {item.value: item.outcome.value for item in Reason},
            "entry_kinds": [item.value for item in EntryKind],
            "entry_rejections": [item.value for item in EntryRejection],
        },
    }


def write(folder: Path) -> None:
    """Write every file of one version into its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (_, message) in samples.MESSAGES.items():
        (folder / f"{name}.json").write_bytes(messages.encode(message) + b"\n")
    entries = b"\n".join(samples.ENTRIES) + b"\n"
    (folder / "entries.jsonl").write_bytes(entries)
    rows = b"\n".join(encode_event(samples.sample_event(kind)) for kind in EventKind) + b"\n"
    (folder / "event_rows.jsonl").write_bytes(rows)
    text = json.dumps(vectors(), indent=1, ensure_ascii=False)
    (folder / "vectors.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(GOLDEN / WIRE_VERSION)
