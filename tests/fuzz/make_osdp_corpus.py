"""Writes the OSDP seeds anew: `python -m tests.fuzz.make_osdp_corpus`. Seeds that show a crash
once found stand beside them and are left alone."""

from __future__ import annotations

from firmware_bridge.osdp import commands as c
from firmware_bridge.osdp import replies as r
from firmware_bridge.osdp.framing import Check, Frame, encode_frame
from tests.fuzz.osdp_scripts import Op
from tests.fuzz.target import CORPUS

KEY = bytes.fromhex("5f0a1b8c7d6e4f3021a9b8c7d6e5f401")
# Kinds that `osdp_scripts.forged` makes the security blocks of a MAC of.
REPLY_SIGNED = 0x18
COMMAND_SIGNED = 0x17
COMMANDS: dict[str, c.Command] = {
    "poll": c.Poll(),
    "identity": c.AskIdentity(),
    "output": c.SetOutput(0, 5, 50),
    "led": c.SetLed(0, 0, c.TemporaryLed(2, 1, 1, 2, 0, 20)),
    "buzz": c.Buzz(),
    "text": c.ShowText("OPEN"),
    "comset": c.ComSet(1, 9600),
    "keyset": c.KeySet(KEY),
    "challenge": c.Challenge(bytes(8)),
    "cryptogram": c.ServerCryptogram(bytes(16)),
    "file": c.FileFragment(1, 40, 0, bytes(20)),
    "buffer": c.PanelBufferSize(1440),
}
REPLIES: dict[str, r.Reply] = {
    "ack": r.Ack(),
    "nak": r.Nak(6),
    "identity": r.Identity(1, 1, 1, 1, (1, 0, 0)),
    "capabilities": r.Capabilities((r.Capability(9, 1, 1),)),
    "local": r.LocalState(tamper=True, power_failure=False),
    "inputs": r.Inputs((True, False)),
    "raw": r.RawCard(0, 1, 26, bytes.fromhex("3a5f1c40")),
    "formatted": r.FormattedCard(0, 0, b"12345"),
    "keys": r.Keys(0, b"1234\r"),
    "communication": r.Communication(1, 9600),
    "cryptogram": r.ClientCryptogram(bytes(8), bytes(8), bytes(16)),
    "busy": r.Busy(),
    "file_status": r.FileStatus(3, 100, 128),
}


def _block(data: bytes) -> bytes:
    return bytes([len(data)]) + data


def _forged(op: Op, kind: int, payload: bytes) -> bytes:
    return bytes([op, kind]) + _block(payload) + _block(b"") + b"abcd"


def scripts(payloads: dict[str, bytes], signed: int) -> dict[str, bytes]:
    """An attack a seed."""
    made = {
        "honest": bytes([Op.PASS, Op.PRESS, 1, Op.PASS, Op.PRESS, 2]),
        "lossy": bytes([Op.PRESS, 7, Op.DROP, Op.DROP, Op.WAIT, 20, Op.CUT, 5, Op.PASS]),
        "unplugged": bytes([Op.DROP, Op.WAIT, 60] * 8 + [Op.PRESS, 3, Op.PASS]),
        "flips": bytes([Op.PRESS, 4, Op.FLIP, 9, 3, Op.FLIP, 12, 0, Op.FLIP, 1, 7]),
        "replays": bytes([Op.PRESS, 5, Op.PASS, Op.REPLAY, 0, Op.REPLAY, 3, Op.REPLAY, 14]),
        "noise": bytes([Op.RAW]) + _block(b"\x53\x81\xff\x53") + bytes([Op.PRESS, 6]),
    }
    for name, payload in payloads.items():
        made[f"clear_{name}"] = _forged(Op.FRAME, 0, payload) + _forged(Op.REPLACE, 0, payload)
        made[f"signed_{name}"] = _forged(Op.FRAME, signed, payload)
    return made


def main() -> None:
    """Writes every seed."""
    commands = {name: command.encode() for name, command in COMMANDS.items()}
    replies = {name: reply.encode() for name, reply in REPLIES.items()}
    frames = {
        f"{kind}_{name}": encode_frame(Frame(1, kind == "reply", 1, payload, check))
        for kind, payloads in (("command", commands), ("reply", replies))
        for name, payload in payloads.items()
        for check in (Check.CRC16,)
    }
    frames["signed"] = encode_frame(Frame(1, True, 2, b"\x40", Check.CHECKSUM, 0x16, b"", b"abcd"))
    frames["two_in_noise"] = b"\x00\x53\x01" + frames["reply_ack"] + b"\xff" + frames["reply_keys"]
    folders = {
        "decoder": frames,
        "command": commands,
        "reply": replies,
        "panel": scripts(replies, REPLY_SIGNED),
        "peripheral": scripts(commands, COMMAND_SIGNED),
    }
    for target, seeds in folders.items():
        folder = CORPUS / "osdp" / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
