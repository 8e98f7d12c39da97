"""Build for the RP2040: `python -m firmware_bridge.keybox.firmware.rp2040_build KEY VERSION OUT`.

KEY is a file with the release key's public half in hexadecimal (`kagimori-provision firmware key`).
OUT gets `loader.bin` (boot2 with its CRC, and the loader), `firmware.bin` (the raw image, to be
signed), `factory.uf2` (both, for a blank board over USB), and the ELF files for a debugger.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_bridge.keybox.firmware.build import SOURCES, STRICT, BuildError
from firmware_bridge.keybox.firmware.stack_use import CallGraph
from firmware_bridge.keybox.firmware.toolchain import run_tool

FLASH: Final = 0x10000000
LOADER_BYTES: Final = 0x8000
UPDATE_RECORD_BYTES: Final = 0x2000
SLOT_0: Final = 0x20000
IMAGE_ROOM: Final = 0x30000
BOOT2_BYTES: Final = 256

_TOOLS: Final = "arm-none-eabi-"
_COMPILE: Final = (
    *("-mcpu=cortex-m0plus", "-mthumb", "-Os", "-g", "-ffreestanding", "-fno-common"),
    *("-ffunction-sections", "-fdata-sections", "-fno-tree-loop-distribute-patterns"),
    *("-fstack-usage", "-fcallgraph-info=su"),
)
_LINK: Final = (
    "-nostdlib",
    "-Wl,--gc-sections",
    "-Wl,--fatal-warnings",
)
_BOARD: Final = SOURCES / "hal" / "rp2040"
_LOADER_CORE: Final = ("kb_update", "kb_store", "kb_sha256", "kb_sha512", "kb_ed25519", "kb_mem")
_LOADER_BOARD: Final = ("loader_main", "clocks", "flash", "watchdog")


@dataclass(frozen=True, slots=True)
class Rp2040Build:
    """What a build made, by path."""

    loader_elf: Path
    loader_bin: Path
    firmware_elf: Path
    firmware_bin: Path
    factory_uf2: Path

    @property
    def folder(self) -> Path:
        """Where all of it lies, with the compiler's notes on stack and calls."""
        return self.firmware_elf.parent


def crc32_boot_rom(data: bytes) -> int:
    """The CRC that the boot ROM computes over boot2: polynomial 0x04C11DB7, initial value all ones,
    nothing reflected, nothing inverted at the end (RP2040 datasheet, 2.8.1.3.1)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x04C11DB7 if crc & 0x80000000 else 0)
            crc &= 0xFFFFFFFF
    return crc


def with_boot2_crc(loader: bytes) -> bytes:
    """Put the CRC into the last four of the 256 of boot2; raise `BuildError` if these are taken."""
    if len(loader) <= BOOT2_BYTES or any(loader[BOOT2_BYTES - 4 : BOOT2_BYTES]):
        raise BuildError("boot2 has more than 252 bytes")
    head = loader[: BOOT2_BYTES - 4]
    return head + crc32_boot_rom(head).to_bytes(4, "little") + loader[BOOT2_BYTES:]


def uf2(pieces: dict[int, bytes]) -> bytes:
    """Give a UF2 file for the RP2040's boot ROM: address -> bytes, in blocks of 256."""
    blocks = [
        (address + offset, data[offset : offset + 256].ljust(256, b"\0"))
        for address, data in sorted(pieces.items())
        for offset in range(0, len(data), 256)
    ]
    family, has_family = 0xE48BFF56, 0x2000
    made = bytearray()
    for number, (address, data) in enumerate(blocks):
        fields = (0x0A324655, 0x9E5D5157, has_family, address, 256, number, len(blocks), family)
        made += struct.pack("<8I", *fields) + data.ljust(476, b"\0")
        made += struct.pack("<I", 0x0AB16F30)
    return bytes(made)


def _compile(sources: Iterator[Path], into: Path, defines: tuple[str, ...]) -> list[str]:
    into.mkdir(parents=True, exist_ok=True)
    flags = (*_COMPILE, *defines, f"-I{SOURCES / 'core'}", f"-I{_BOARD}")

    def one(source: Path) -> str:
        strict = STRICT if source.suffix == ".c" else ()
        made = into / f"{source.stem}.o"
        run_tool(f"{_TOOLS}gcc", *strict, *flags, "-c", str(source), "-o", str(made))
        return str(made)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(one, sources))


def _link(script: str, objects: list[str], elf: Path) -> bytes:
    machine = ("-mcpu=cortex-m0plus", "-mthumb")
    rules = ("-T", str(_BOARD / script), f"-Wl,-Map={elf.with_suffix('.map')}")
    run_tool(f"{_TOOLS}gcc", *machine, *_LINK, *rules, *objects, "-lgcc", "-o", str(elf))
    raw = elf.with_suffix(".raw")
    run_tool(f"{_TOOLS}objcopy", "-O", "binary", "--gap-fill", "0", str(elf), str(raw))
    return raw.read_bytes()


def _loader_sources() -> Iterator[Path]:
    yield _BOARD / "boot2.S"
    yield from (_BOARD / f"{name}.c" for name in _LOADER_BOARD)
    yield from (SOURCES / "core" / f"{name}.c" for name in _LOADER_CORE)
    yield SOURCES / "hal" / "freestanding" / "mem.c"


def _firmware_sources() -> Iterator[Path]:
    yield from sorted((SOURCES / "core").glob("*.c"))
    yield from sorted(path for path in _BOARD.glob("*.c") if path.stem != "loader_main")
    yield SOURCES / "hal" / "freestanding" / "mem.c"


def build(firmware_key: bytes, version: int, out: Path) -> Rp2040Build:
    """Build loader and firmware for a release key of 32 bytes; raise `BuildError`."""
    if len(firmware_key) != 32:
        raise BuildError("a release key has 32 bytes")
    listed = ",".join(str(byte) for byte in firmware_key)
    defines = (f"-DKAGIMORI_FIRMWARE_KEY={listed}", f"-DKAGIMORI_FIRMWARE_VERSION={version}u")
    loader_elf, firmware_elf = out / "loader.elf", out / "firmware.elf"
    loader = _link("loader.ld", _compile(_loader_sources(), out / "loader", ()), loader_elf)
    objects = _compile(_firmware_sources(), out / "firmware", defines)
    firmware = _link("firmware.ld", objects, firmware_elf)
    made = Rp2040Build(
        loader_elf, out / "loader.bin", firmware_elf, out / "firmware.bin", out / "factory.uf2"
    )
    made.loader_bin.write_bytes(with_boot2_crc(loader))
    made.firmware_bin.write_bytes(firmware)
    # A blank update record: whatever a board has run before, it starts this image.
    record = b"\xff" * UPDATE_RECORD_BYTES
    pieces = {FLASH: made.loader_bin.read_bytes(), FLASH + LOADER_BYTES: record}
    pieces[FLASH + SLOT_0] = firmware
    made.factory_uf2.write_bytes(uf2(pieces))
    return made


def sections(elf: Path) -> dict[str, tuple[int, int]]:
    """Give address and size of every section that takes part in the running program."""
    listing = run_tool(f"{_TOOLS}objdump", "-h", "-w", str(elf))
    found = {}
    for line in listing.splitlines():
        words = line.split()
        if len(words) > 6 and words[0].isdigit() and "ALLOC" in line:
            found[words[1]] = (int(words[3], 16), int(words[2], 16))
    return found


def stack_needed(made: Rp2040Build) -> dict[str, int]:
    """Give the most bytes of stack that loader and firmware can come to use."""
    return {
        "loader": CallGraph.of(made.folder / "loader").depth("loader_reset"),
        "firmware": CallGraph.of(made.folder / "firmware").depth("firmware_reset"),
    }


def main(words: list[str]) -> int:
    """Build what the command line names and print sizes as JSON."""
    if len(words) != 3:
        sys.stderr.write("usage: rp2040_build KEY-FILE VERSION OUT-FOLDER\n")
        return 2
    try:
        key = bytes.fromhex(Path(words[0]).read_text())
        made = build(key, int(words[1]), Path(words[2]))
        report = {
            elf.stem: {name: size for name, (_, size) in sections(elf).items()}
            for elf in (made.loader_elf, made.firmware_elf)
        }
        stack = stack_needed(made)
    except (BuildError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps({"sections": report, "stack": stack}) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
