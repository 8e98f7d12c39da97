"""The unit of a terminal's screen is one that systemd takes; it shows the agent's page alone."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

from edge.settings_terminal import Terminal

FOLDER = Path(__file__).parents[2] / "deploy" / "kiosk"
UNIT = (FOLDER / "kagimori-kiosk.service").read_text(encoding="utf-8")


def _lines(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", UNIT, re.MULTILINE)


def test_systemd_takes_the_unit_without_a_complaint(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    assert analyze, "apt-get install systemd"
    text = re.sub(r"^ExecStart=\S+", "ExecStart=/usr/bin/env", UNIT, flags=re.MULTILINE)
    text = text.replace("Wants=kagimori-edge.service\n", "")  # it is not installed here
    made = tmp_path / "kagimori-kiosk.service"
    made.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [analyze, "verify", str(made)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_it_shows_the_page_of_the_default_port_and_reaches_nothing_else() -> None:
    (command,) = _lines("ExecStart")
    words = shlex.split(command)
    assert f"--app=http://127.0.0.1:{Terminal().port}/" in words
    assert "--kiosk" in words
    assert "--incognito" in words
    assert "--autoplay-policy=no-user-gesture-required" in words, "a tap has to sound"
    assert "--no-sandbox" not in words
    assert _lines("IPAddressDeny") == ["any"]
    assert _lines("IPAddressAllow") == ["localhost"]


def test_its_user_has_neither_the_agents_files_nor_its_group() -> None:
    (user,) = _lines("User")
    assert user == "kagimori-kiosk"
    assert f"u {user} " in (FOLDER / "kagimori-kiosk.sysusers").read_text(encoding="utf-8")
    (groups,) = _lines("SupplementaryGroups")
    assert "kagimori" not in groups.split()
    (hidden,) = _lines("InaccessiblePaths")
    assert {"-/etc/kagimori", "-/var/lib/kagimori"} <= set(hidden.split())


def test_the_documented_table_is_one_that_the_agent_reads() -> None:
    """Every key of docs/terminal.md, with the default it states."""
    import tomllib

    import msgspec

    page = (FOLDER.parents[1] / "docs" / "terminal.md").read_text(encoding="utf-8")
    block = page.split("```toml\n")[1].split("```")[0]
    table = tomllib.loads(re.sub(r"^# (?=\w+ = )", "", block, flags=re.MULTILINE))["terminal"]
    assert set(table) == set(Terminal.__struct_fields__)
    stated = {name: value for name, value in table.items() if name not in {"kiosk_user", "readers"}}
    defaults = msgspec.to_builtins(Terminal())
    assert stated == {name: defaults[name] for name in stated}
    msgspec.convert(table, Terminal)
