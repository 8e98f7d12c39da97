"""The RP2040 build: what the linker made of it lies where the chip looks for it, and fits."""

from __future__ import annotations

import binascii
import ctypes
import json
import re
import struct
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.keybox.firmware import rp2040_build
from firmware_bridge.keybox.firmware.build import SOURCES, BuildError
from firmware_bridge.keybox.firmware.rp2040_build import Rp2040Build, sections
from firmware_bridge.keybox.firmware.stack_use import INDIRECT, CallGraph, is_called_by_pointer
from firmware_bridge.keybox.firmware.toolchain import run_tool
from firmware_bridge.keybox.images import MAX_IMAGE, read_image, sign_image
from provisioning.firmware_release import RELEASE_PUBLIC, create_release_key

BOARD: Final = SOURCES / "hal" / "rp2040"
RAM_END: Final = 0x20042000
IMAGE: Final = 0x20000000
SCRATCH: Final = 0x20040000
HEAP: Final = {"malloc", "calloc", "realloc", "free", "sbrk", "_sbrk"}
BOTH: Final = pytest.mark.parametrize("program", ["loader_elf", "firmware_elf"])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Rp2040Build:
    return rp2040_build.build(bytes(range(32)), 7, tmp_path_factory.mktemp("rp2040"))


def symbols(elf: Path) -> dict[str, int]:
    listed = (line.split() for line in run_tool("arm-none-eabi-nm", str(elf)).splitlines())
    return {words[2]: int(words[0], 16) for words in listed if len(words) == 3}


def inside(section: tuple[int, int], start: int, end: int) -> bool:
    address, size = section
    return start <= address and address + size <= end


@BOTH
def test_nothing_is_left_undefined_and_there_is_no_heap(made: Rp2040Build, program: str) -> None:
    elf = getattr(made, program)
    assert run_tool("arm-none-eabi-nm", "-u", str(elf)).strip() == ""
    assert not HEAP & symbols(elf).keys()


def test_the_loader_lies_in_its_flash_and_the_scratch_banks(made: Rp2040Build) -> None:
    found = sections(made.loader_elf)
    assert found.keys() == {".boot2", ".text", ".data", ".bss"}
    assert inside(found[".boot2"], 0x10000000, 0x10000000 + 252)
    assert found[".text"][0] == 0x10000100
    assert inside(found[".text"], 0x10000100, 0x10000000 + rp2040_build.LOADER_BYTES)
    assert inside(found[".data"], SCRATCH, RAM_END)
    assert inside(found[".bss"], SCRATCH, RAM_END)
    assert made.loader_bin.stat().st_size <= rp2040_build.LOADER_BYTES


def test_the_firmware_lies_in_ram_and_leaves_room_for_its_stack(made: Rp2040Build) -> None:
    found = sections(made.firmware_elf)
    assert found.keys() == {".text", ".data", ".bss"}
    assert found[".text"][0] == IMAGE
    assert inside(found[".data"], IMAGE, IMAGE + rp2040_build.IMAGE_ROOM)
    assert inside(found[".bss"], IMAGE + rp2040_build.IMAGE_ROOM, RAM_END - 16 * 1024)
    assert made.firmware_bin.stat().st_size <= 64 * 1024, "a third of its room is enough"


def vectors(data: bytes) -> tuple[int, ...]:
    return struct.unpack_from("<42I", data)


def test_the_vector_tables_stand_where_the_chip_looks(made: Rp2040Build) -> None:
    loader = vectors(made.loader_bin.read_bytes()[256:])
    firmware = vectors(made.firmware_bin.read_bytes())
    named = symbols(made.firmware_elf)
    assert loader[0] == firmware[0] == RAM_END
    assert loader[1] == symbols(made.loader_elf)["loader_reset"] | 1
    assert firmware[1] == named["firmware_reset"] | 1
    assert firmware[15] == named["panel_interrupt"] | 1
    assert firmware[16 + 20] == named["uart_interrupt"] | 1
    assert [firmware[n] for n in (*range(4, 11), 12, 13)] == [0] * 9


def test_the_boot_rom_will_take_boot2(made: Rp2040Build) -> None:
    """Its CRC is that of zlib with all bits the other way round and not inverted at the end."""
    boot2 = made.loader_bin.read_bytes()[:256]

    def turned(value: int, bits: int) -> int:
        return int(f"{value:0{bits}b}"[::-1], 2)

    crc = binascii.crc32(bytes(turned(byte, 8) for byte in boot2[:252])) ^ 0xFFFFFFFF
    assert int.from_bytes(boot2[252:], "little") == turned(crc, 32)
    assert rp2040_build.crc32_boot_rom(b"123456789") == 0x0376E6E7


def test_a_boot2_that_is_too_long_is_refused() -> None:
    with pytest.raises(BuildError):
        rp2040_build.with_boot2_crc(bytes(252) + b"\1" + bytes(100))


def test_what_runs_while_the_flash_is_busy_lies_in_ram(made: Rp2040Build) -> None:
    named = symbols(made.loader_elf)
    for function in ("erase_sector", "program_page"):
        assert SCRATCH <= named[function] < RAM_END
        code = run_tool("arm-none-eabi-objdump", f"--disassemble={function}", str(made.loader_elf))
        assert "blx" in code
        assert not re.search(r"\tbl\t", code), "it calls nothing but the boot ROM"


def test_the_stack_is_bounded_and_fits(made: Rp2040Build) -> None:
    needed = rp2040_build.stack_needed(made)
    assert 1_000 < needed["loader"] <= 4 * 1024
    assert 2_000 < needed["firmware"] <= 8 * 1024


def test_recursion_and_frames_without_a_bound_are_found(tmp_path: Path) -> None:
    graph = CallGraph({"a": 8, "b": 16}, {"a": {"b"}, "b": {"a"}})
    with pytest.raises(BuildError, match="a -> b -> a"):
        graph.depth("a")
    (tmp_path / "x.ci").write_text('node: { title: "x" label: "x\\n9 bytes (dynamic)" }')
    with pytest.raises(BuildError, match="not bounded"):
        CallGraph.of(tmp_path)


def test_a_call_through_the_table_counts_as_its_deepest_function() -> None:
    frames = {"root": 8, "flash_nv_read": 100, "noise_random": 300, "deep": 50, "other": 999}
    graph = CallGraph(frames, {"root": {INDIRECT}, "flash_nv_read": {"deep"}})
    assert graph.depth("root") == 308


def test_every_function_of_the_hardware_table_is_known_to_the_stack_count() -> None:
    """Else a deep one could hide behind a pointer."""
    source = (BOARD / "firmware_main.c").read_text()
    body = source[source.index("struct kb_hal hal = {") :]
    body = body[: body.index("};")]
    functions = re.findall(r"\.\w+ = (\w+),", body)
    data = {"release_key", "KAGIMORI_FIRMWARE_VERSION", "PANEL_FITTED", "IMAGE_ROOM"}
    called = [each for each in functions if each not in data]
    assert len(called) >= 16
    for each in called:
        frames = {"root": 0, each: 40, f"hal/firmware_main.c:{each}": 40}
        assert CallGraph(frames, {"root": {INDIRECT}}).depth("root") == 40, each


def test_nothing_else_is_called_through_a_pointer(made: Rp2040Build) -> None:
    """Every function whose address stands in a table is one that the stack count knows."""
    objects = sorted(map(str, (made.folder / "firmware").glob("*.o")))
    listed = (line.split() for line in run_tool("arm-none-eabi-nm", *objects).splitlines())
    functions = {words[2] for words in listed if len(words) == 3 and words[1] in "tT"}
    pointed = set()
    for path in objects:
        section = ""
        for line in run_tool("arm-none-eabi-objdump", "-r", path).splitlines():
            if line.startswith("RELOCATION"):
                section = line.split("[")[1]
            elif "R_ARM_ABS32" in line and section.startswith((".rodata", ".data", ".vectors")):
                name = line.split()[2].split("+")[0].removeprefix(".text.")
                pointed |= {name} & functions
    assert {"kb_do_status", "flash_nv_read", "uart_interrupt"} <= pointed
    pointed -= {"firmware_reset", "uart_interrupt", "panel_interrupt", "wait_for_watchdog"}
    places = ("", "firmware_main.c:", "kb_requests.c:")
    unknown = {
        name for name in pointed if not any(is_called_by_pointer(at + name) for at in places)
    }
    assert unknown == set()


def test_the_factory_file_puts_loader_and_image_in_their_places(made: Rp2040Build) -> None:
    data = made.factory_uf2.read_bytes()
    assert len(data) % 512 == 0
    flash: dict[int, bytes] = {}
    for number in range(len(data) // 512):
        block = data[number * 512 : number * 512 + 512]
        first, second, flags, address, size, index, count, family = struct.unpack("<8I", block[:32])
        assert (first, second, block[508:]) == (0x0A324655, 0x9E5D5157, b"\x30\x6f\xb1\x0a")
        assert (flags, size, index, count) == (0x2000, 256, number, len(data) // 512)
        assert family == 0xE48BFF56
        flash[address] = block[32 : 32 + size]
    loader, image = made.loader_bin.read_bytes(), made.firmware_bin.read_bytes()
    assert {flash[0x10008000 + at] for at in range(0, 0x2000, 256)} == {b"\xff" * 256}
    found = b"".join(flash[a] for a in sorted(flash) if a < 0x10008000)
    assert found[: len(loader)] == loader
    found = b"".join(flash[a] for a in sorted(flash) if a >= 0x10020000)
    assert found[: len(image)] == image


def test_the_image_is_one_that_can_be_signed_and_received(made: Rp2040Build) -> None:
    image = made.firmware_bin.read_bytes()
    assert len(image) <= min(MAX_IMAGE, rp2040_build.IMAGE_ROOM)
    signed = sign_image(Ed25519PrivateKey.generate(), image, kind=1, firmware=7, rollback=0)
    assert read_image(signed.pack()).image == image


def test_the_release_key_is_in_the_firmware_and_not_in_the_loader(made: Rp2040Build) -> None:
    assert bytes(range(32)) in made.firmware_bin.read_bytes()
    with pytest.raises(BuildError):
        rp2040_build.build(b"short", 1, made.folder)


def test_the_command_builds_with_a_key_from_provisioning_and_tells_sizes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    public = create_release_key(tmp_path / "keys")
    words = [str(tmp_path / "keys" / RELEASE_PUBLIC), "9", str(tmp_path / "out")]
    assert rp2040_build.main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sections"]["firmware"][".text"] > 20_000
    assert told["stack"]["firmware"] > 2_000
    assert bytes.fromhex(public) in (tmp_path / "out" / "firmware.bin").read_bytes()
    assert rp2040_build.main(words[:1]) == 2
    assert rp2040_build.main([str(tmp_path / "none"), "9", str(tmp_path / "out")]) == 1


# --- on this machine -----------------------------------------------------------------------------


def compiled(folder: Path, name: str, *sources: Path | str, shared: bool = True) -> Path:
    made = folder / name
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", f"-I{BOARD}", f"-I{SOURCES}/core"]
    flags += ["-shared", "-fPIC"] if shared else []
    subprocess.run(["gcc", *flags, *map(str, sources), "-o", made], check=True)
    return made


def test_the_areas_of_the_flash_do_not_overlap(tmp_path: Path) -> None:
    source = tmp_path / "layout.c"
    names = "LOADER_BYTES BOOT_OFFSET STATE_OFFSET LOG_OFFSET LIST_0_OFFSET LIST_1_OFFSET LISTS_END"
    places = [*names.split(), "SLOT_0_OFFSET", "SLOT_1_OFFSET", "SLOTS_END"]
    listed = ", ".join(f"(unsigned)({name})" for name in places)
    source.write_text(
        '#include <stdio.h>\n#include "layout.h"\nint main(void) {\n'
        f"unsigned all[] = {{{listed}}};\n"
        'for (unsigned i = 0; i < sizeof all / sizeof *all; i++) printf("%u\\n", all[i]); }\n'
    )
    program = compiled(tmp_path, "layout", source, shared=False)
    done = subprocess.run([program], capture_output=True, text=True, check=True)
    found = dict(zip(places, map(int, done.stdout.split()), strict=True))
    assert list(found.values()) == sorted(found.values())
    assert all(place % 4096 == 0 for place in found.values())
    assert found["LOADER_BYTES"] == found["BOOT_OFFSET"] == rp2040_build.LOADER_BYTES
    assert found["SLOT_0_OFFSET"] == rp2040_build.SLOT_0
    assert found["SLOTS_END"] <= 1024 * 1024


@pytest.fixture(scope="module")
def calendar(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("calendar")
    return ctypes.CDLL(str(compiled(folder, "calendar.so", BOARD / "calendar.c")))


EPOCH: Final = datetime(2025, 1, 1)  # noqa: DTZ001 - the clock chip knows no zone
LAST_S: Final = int((datetime(2100, 1, 1) - EPOCH).total_seconds()) - 1  # noqa: DTZ001


@given(seconds=st.integers(0, LAST_S))
def test_the_clock_chips_calendar_is_pythons(calendar: ctypes.CDLL, seconds: int) -> None:
    registers = (ctypes.c_uint8 * 7)()
    calendar.calendar_pack(registers, ctypes.c_uint32(seconds))
    day = EPOCH + timedelta(seconds=seconds)
    wanted = f"{day:%S%M%H}0{day.isoweekday()}{day:%d%m%y}"
    assert bytes(registers).hex() == wanted
    back = ctypes.c_uint32()
    assert calendar.calendar_read(registers, ctypes.byref(back))
    assert back.value == seconds


@given(data=st.binary(min_size=7, max_size=7))
def test_a_calendar_that_cannot_be_is_no_time(calendar: ctypes.CDLL, data: bytes) -> None:
    back = ctypes.c_uint32()
    text = f"{data[6]:02x}{data[5]:02x}{data[4]:02x}{data[2]:02x}{data[1]:02x}{data[0]:02x}"
    try:
        wanted = datetime.strptime(text, "%y%m%d%H%M%S") if text.isdecimal() else None  # noqa: DTZ007
    except ValueError:
        wanted = None
    taken = bool(calendar.calendar_read((ctypes.c_uint8 * 7)(*data), ctypes.byref(back)))
    if wanted is None or not 2025 <= 2000 + wanted.year % 100 <= 2099 or data[0] > 0x59:
        assert not taken
    else:
        assert taken
        assert EPOCH + timedelta(seconds=back.value) == wanted.replace(
            year=2000 + wanted.year % 100
        )


@pytest.mark.parametrize("level", [0, 1])
def test_a_ring_oscillator_that_stands_still_gives_no_random_bytes(
    tmp_path: Path, level: int
) -> None:
    source = tmp_path / "still.c"
    source.write_text(
        "#define _GNU_SOURCE\n#include <stdint.h>\n#include <sys/mman.h>\n"
        '#include "noise.h"\n#include "registers.h"\n'
        "static void map(uint32_t at) { void *p = (void *)(uintptr_t)(at & ~4095u);\n"
        "  int how = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;\n"
        "  if (mmap(p, 4096, PROT_READ | PROT_WRITE, how, -1, 0) != p) __builtin_trap(); }\n"
        f"int main(void) {{ uint8_t out[16]; map(ROSC_RANDOMBIT); map(TIMER_BASE);\n"
        f"  REGISTER(ROSC_RANDOMBIT) = {level}; noise_start();\n"
        "  return noise_random(0, out, sizeof out) ? 1 : 0; }\n"
    )
    core = [SOURCES / "core" / f"{name}.c" for name in ("kb_sha256", "kb_mem")]
    board = [BOARD / "noise.c", BOARD / "clocks.c"]
    program = compiled(
        tmp_path, "still", "-no-pie", "-Wno-int-to-pointer-cast", source, *board, *core,
        shared=False,
    )  # fmt: skip
    assert subprocess.run([program], check=False).returncode == 0
