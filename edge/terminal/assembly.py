"""Puts a terminal together; `edge.agent` imports this where `[terminal]` is configured."""

from __future__ import annotations

from edge.service.memory import Memory
from edge.service.outcomes import Outcomes
from edge.service.recorder import Recorder
from edge.settings_terminal import Terminal
from edge.terminal.desk import Desk
from edge.terminal.page_server import PageServer
from edge.terminal.screen import Screen
from edge.words import Language
from wire.keys import LinkKey
from wire.sealed_names import NameKey


def make_page(settings: Terminal, language: Language) -> PageServer:
    """The page and what it shows. Raises `SettingsError` for a user who is not there."""
    return PageServer(settings, language, Screen())


def make_desk(
    page: PageServer,
    controller: str,
    link: LinkKey,
    memory: Memory,
    recorder: Recorder,
    outcomes: Outcomes,
) -> Desk:
    """The loop's part, for a journal that is open."""
    names = NameKey.of(controller, link)
    return Desk(page.settings, memory, recorder, outcomes, page.screen, names.open)
