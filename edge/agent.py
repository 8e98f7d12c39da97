"""A running agent: its threads, from the opening of the journal to the closing.

The loop's thread opens the journal, since it alone may touch it. A journal that cannot be opened is
named and tried again: the doors stay as they are, and the rest of the machine goes on.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from edge.cards.keyring import CardKeyring
from edge.control_socket import ControlSocket, RefusedError, Request
from edge.controller_files import Controller
from edge.core.clock import Clock
from edge.core.clock_anchors import ClockBounds
from edge.core.clock_now import ClockNow
from edge.core.model import CardPresented
from edge.fire_alarm import fire_alarm_of, shelter_input_of
from edge.glance import Glance, Health, take_glance
from edge.journal.journal import SqliteJournal, open_journal
from edge.journal.policy_store import SqlitePolicyStore
from edge.keybox.desk import AgentDesk
from edge.keybox.orders import VisitRefusedError
from edge.osdp_requests import begin_install, change_key
from edge.ports import (
    Driver,
    Incoming,
    InstallError,
    JournalError,
    Link,
    Threaded,
    TimeSource,
)
from edge.service.acts import Acts, Drivers
from edge.service.backup_secrets import BackupSecrets
from edge.service.commands import Commands
from edge.service.contact_tests import TestRefusedError
from edge.service.enrolments import SignedHash, signs_nothing
from edge.service.happenings import Happenings
from edge.service.locks import Locks
from edge.service.loop import Loop, Parts
from edge.service.memory import Memory
from edge.service.policies import Policies
from edge.service.presentations import Presentations
from edge.service.recorder import Recorder
from edge.service.shelter import SwitchStillOnError
from edge.service.status import Status, status_of
from edge.service.strikes import Strikes
from edge.service.thread_watch import ThreadWatch
from edge.service.uplinks import Uplinks
from edge.service_manager import take_last_words
from edge.settings import Settings, SettingsError
from edge.uplink.session import DeliverySession
from wire.identity import uuid7
from wire.policy_bodies import CardBody
from wire.sealing import open_secret, seal_context

if TYPE_CHECKING:
    from edge.keybox.visits import Visits
    from edge.terminal.desk import Desk
    from edge.terminal.page_server import PageServer

_REOPEN_S: Final = 5.0
_ANSWER_S: Final = 5.0
_STOP_S: Final = 5.0
_GLANCE_NS: Final = 1_000_000_000
_log = structlog.get_logger(__name__)


def agent_version() -> str:
    """The version of the installed package."""
    try:
        return version("kagimori")
    except PackageNotFoundError:
        return "0"


class Agent:
    """A built agent: `start` and `stop` it once."""

    def __init__(
        self,
        settings: Settings,
        controller: Controller,
        drivers: Mapping[str, Driver],
        link: Link,
        verify: Callable[[CardPresented, CardBody], bool],
        card_keys: CardKeyring,
        time: TimeSource,
        alive: Callable[[], None],
        signed: SignedHash = signs_nothing,
    ) -> None:
        self._settings = settings
        self._controller = controller
        self._drivers = drivers
        self._link = link
        self._verify = verify
        self._card_keys = card_keys
        self._signed = signed
        self._time = time
        self._alive = alive
        self._loop: Loop | None = None
        self._parts: Parts | None = None
        self._stopping = threading.Event()
        self._ready: Future[None] = Future()
        self._socket: ControlSocket | None = None
        self._visits: Visits | None = None
        self._desk: Desk | None = None
        self._page = self._make_page()
        self._beat_ns = time.mono_ns()
        self._glanced_ns = 0
        self._last_words = ""
        self._glance = Glance()
        self._thread = threading.Thread(target=self._run, name="loop", daemon=True)

    # --- for whoever runs it ---------------------------------------------------------------------

    @property
    def controller_id(self) -> str:
        """Who this agent is."""
        return self._controller.id

    def start(self, timeout_s: float = 30.0) -> None:
        """Start all threads; return once the doors are served. Raises `TimeoutError` where the
        journal cannot be opened meanwhile; the attempts go on until `stop`."""
        self._socket = ControlSocket(
            self._settings.socket_path,
            {
                "status": self._answer_status,
                "journal": self._journal,
                "osdp_install": self._osdp_install,
                "osdp_rekey": self._osdp_rekey,
                "test": self._begin_test,
                "tested": self._tested,
                "fire-forget": self._forget_fire,
                "shelter-open": self._open_shelter,
                "shelter-close": self._close_shelter,
                "terminal": self._terminal,
                "visit": self._begin_visit,
                "visited": lambda request: self._at_boxes().look(request.count),
            },
        )
        self._socket.start()
        self._thread.start()
        self._ready.result(timeout=timeout_s)

    def stop(self) -> None:
        """End in order: what is queued is handled, the journal closed; no output moves."""
        self._stopping.set()
        if self._visits is not None:
            self._visits.stop()
        if self._loop is not None:
            self._loop.stop()
        if self._thread.is_alive():
            self._thread.join(timeout=_STOP_S)
        if self._socket is not None:
            self._socket.stop()

    def put(self, item: Incoming) -> None:
        """Hand something to the loop as a driver would."""
        self._ready.result(timeout=_ANSWER_S)
        if self._loop is not None:
            self._loop.put(item)

    def health(self) -> Health:
        """How it stands, without asking any thread: none of them may keep the asker waiting."""
        age_s = (self._time.mono_ns() - self._beat_ns) / 1e9
        return Health(self._thread.is_alive(), age_s, self._glance)

    def status(self) -> Status:
        """How the agent stands; asked of the loop."""
        answer = self._ask(self._status)
        if not isinstance(answer, Status):
            raise TypeError("the loop answered something else")
        return answer

    def tail(self, count: int) -> list[tuple[int, bytes]]:
        """The newest rows of the journal, oldest first: seq, and the event's bytes as sent."""
        rows = self._ask(lambda parts, _now: parts.recorder.journal.tail(count))
        return msgspec.convert(rows, list[tuple[int, bytes]])

    # --- inside ----------------------------------------------------------------------------------

    def _ask(self, ask: Callable[[Parts, ClockNow], object]) -> object:
        self._ready.result(timeout=_ANSWER_S)
        loop, parts = self._loop, self._parts
        if loop is None or parts is None:
            raise TimeoutError("the loop does not run")
        return loop.ask(lambda now: ask(parts, now)).result(timeout=_ANSWER_S)

    def _status(self, parts: Parts, now: ClockNow) -> Status:
        threads = () if parts.threads is None else parts.threads.standings
        return status_of(
            parts.agent, self._controller.id, parts.memory, parts.recorder, now, threads
        )

    def _answer_status(self, _request: Request) -> object:
        return self.status()

    def _journal(self, request: Request) -> object:
        rows = self.tail(min(max(request.count, 1), 1_000))
        return [{"seq": seq, "event": msgspec.Raw(data)} for seq, data in rows]

    def _osdp_install(self, request: Request) -> object:
        device, seconds = request.device, request.seconds
        return self._ask_installer(
            lambda parts: begin_install(parts, self._driver_of, device, seconds)
        )

    def _osdp_rekey(self, request: Request) -> object:
        return self._ask_installer(
            lambda parts: change_key(parts, self._driver_of, self._open_secret, request.device)
        )

    def _ask_installer(self, ask: Callable[[Parts], str]) -> object:
        try:
            return self._ask(lambda parts, _now: ask(parts))
        except InstallError as error:
            raise RefusedError(str(error)) from error

    def _driver_of(self, device: str) -> Driver | None:
        parts = self._parts
        body = None if parts is None else parts.memory.served.get(device)
        return None if body is None else self._drivers.get(body.port)

    def _begin_test(self, request: Request) -> object:
        """Begin the test of a door's contact; what comes of it is asked by `tested`."""

        def begin(parts: Parts, now: ClockNow) -> str:
            try:
                parts.happenings.tests.begin(request.door, now)
            except TestRefusedError as error:
                return str(error)
            return ""

        return {"refused": self._ask(begin)}

    def _tested(self, request: Request) -> object:
        return self._ask(lambda parts, _now: parts.happenings.tests.result(request.door))

    def _forget_fire(self, _request: Request) -> object:
        return {"forgotten": self._ask(lambda parts, now: parts.policies.forget_fire(now))}

    def _open_shelter(self, _request: Request) -> object:
        def work(parts: Parts, now: ClockNow) -> list[str]:
            parts.happenings.shelter.open(now)
            return sorted(filter(parts.memory.opened_as_shelter, parts.memory.doors))

        return {"doors": self._ask(work)}

    def _close_shelter(self, _request: Request) -> object:
        try:
            self._ask(lambda parts, now: parts.happenings.shelter.close(now))
        except SwitchStillOnError as error:
            raise RefusedError(str(error)) from error
        return {"doors": []}

    def _terminal(self, _request: Request) -> object:
        """What is wrong with the terminal, by code; nothing where there is none."""
        desk = self._desk
        return [] if desk is None else self._ask(lambda _parts, now: desk.notices(now))

    def _begin_visit(self, request: Request) -> object:
        if request.visit is None:
            raise RefusedError("which visit?")
        visits = self._at_boxes()
        try:
            visits.begin(request.visit)
        except VisitRefusedError as error:
            raise RefusedError(str(error)) from error
        return visits.look(0)

    def _at_boxes(self) -> Visits:
        """The visits, and the serial library with them, are there once somebody asks."""
        if self._visits is None:
            from edge.keybox.visits import Visits

            self._visits = Visits(AgentDesk(self._ask))
        return self._visits

    def _run(self) -> None:
        journal: SqliteJournal | None = None
        while journal is None and not self._stopping.is_set():
            try:
                journal = self._begin()
            except JournalError as error:
                _log.critical("journal_not_opened", cause=error.cause, again_in_s=_REOPEN_S)
                self._stopping.wait(_REOPEN_S)
            except Exception as error:
                _log.exception("agent_not_started")
                self._ready.set_exception(error)
                return
        if journal is None or self._loop is None:
            return
        if self._stopping.is_set():
            self._loop.stop()
        for port, driver in self._drivers.items():
            try:
                driver.start(self._loop.put)
            except Exception:  # one port's trouble must not keep the others from serving
                _log.exception("driver_not_started", port=port)
        self._link.start(self._loop.put)
        if self._page is not None:
            self._page.start(self._loop.put)
        self._ready.set_result(None)
        self._loop.run()
        if self._page is not None:
            self._page.stop()
        self._link.stop()
        for port, driver in self._drivers.items():
            try:
                driver.stop()
            except Exception:  # the journal is closed all the same
                _log.exception("driver_not_stopped", port=port)
        try:
            journal.close()
        except JournalError as error:
            _log.critical("journal_not_closed", cause=error.cause)

    def _make_page(self) -> PageServer | None:
        """A terminal's page; where there is none, nothing of it is loaded."""
        if self._settings.terminal is None:
            return None
        from edge.terminal.assembly import make_page

        return make_page(self._settings.terminal, self._settings.language)

    def _add_terminal(self, parts: Parts) -> None:
        if self._page is None:
            return
        from edge.terminal.assembly import make_desk

        controller, outcomes = self._controller, parts.presentations.outcomes
        self._desk = parts.presentations.desk = make_desk(
            self._page, controller.id, controller.link, parts.memory, parts.recorder, outcomes
        )

    def _begin(self) -> SqliteJournal:
        settings, time = self._settings, self._time
        limits = settings.journal_limits
        try:
            Path(settings.data_dir).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            remedy = "Make the folder and give it to the agent's user"
            raise SettingsError(settings.data_dir, "data_dir", str(error), remedy) from error
        self._last_words = self._last_words or take_last_words(Path(settings.data_dir))
        clock = Clock(time.boot, None, ClockBounds())
        journal, store = open_journal(
            settings.journal_path,
            clock.now(time.mono_ns(), time.wall()),
            capacity=limits.events,
            keep=limits.keep,
            size_bytes=limits.size_bytes,
        )
        try:
            clock.raise_floor(journal.floor())
            self._parts = self._wire(journal, store, clock)
            self._add_terminal(self._parts)
            self._loop = Loop(self._parts, self._beat)
            self._loop.begin()
            if self._desk is not None:
                self._desk.begin(self._loop.now())
        except BaseException:
            journal.let_go()  # else the next attempt finds it locked
            raise
        return journal

    def _wire(self, journal: SqliteJournal, store: SqlitePolicyStore, clock: Clock) -> Parts:
        controller, agent = self._controller, agent_version()
        memory, recorder = Memory(), Recorder(journal)
        drivers = Drivers(self._drivers, memory)
        acts = Acts(drivers, memory, recorder, self._new_id)
        strikes = Strikes(memory, recorder, acts)
        backup = BackupSecrets(memory, recorder, self._open_door_secret)
        policies = Policies(
            memory,
            recorder,
            store,
            strikes,
            drivers,
            self._open_secret,
            backup,
            self._card_keys,
        )
        session = DeliverySession(
            controller.id,
            controller.link,
            controller.signers(clock.floor),
            controller.ca,
            journal,
            store,
            random.random,
        )
        commands = Commands(memory, recorder, acts)
        happenings = Happenings(
            memory,
            recorder,
            acts,
            strikes,
            fire_alarm_of(self._settings),
            shelter_input_of(self._settings),
        )
        uplinks = Uplinks(session, self._link, memory, recorder, policies, commands, clock, agent)
        return Parts(
            memory=memory,
            recorder=recorder,
            acts=acts,
            strikes=strikes,
            presentations=Presentations(
                memory, recorder, acts, drivers, controller.pin, self._verify, self._signed
            ),
            happenings=happenings,
            policies=policies,
            uplinks=uplinks,
            clock=clock,
            time=self._time,
            agent=agent,
            has_rtc=self._settings.rtc,
            locks=Locks(memory, recorder, drivers),
            threads=ThreadWatch(self._owners, memory, recorder, happenings),
            last_words=self._last_words,
        )

    def _beat(self) -> None:
        """The loop goes round."""
        now_ns = self._beat_ns = self._time.mono_ns()
        self._alive()
        parts = self._parts
        if parts is None or parts.threads is None or now_ns - self._glanced_ns < _GLANCE_NS:
            return
        self._glanced_ns = now_ns
        try:
            self._glance = take_glance(parts.memory, parts.recorder, parts.threads)
        except Exception:  # a journal that fails must not keep the tick from its work
            _log.exception("no_glance")

    def _owners(self) -> dict[str, Threaded]:
        """Who has threads to be watched."""
        others: dict[str, object] = {"link": self._link, "socket": self._socket}
        others |= {"boxes": self._visits, "terminal": self._page}
        owners = {**self._drivers, **others}
        return {name: one for name, one in owners.items() if isinstance(one, Threaded)}

    def _new_id(self) -> str:
        unix_ms = int(self._time.wall().timestamp() * 1_000)
        return uuid7(unix_ms, self._time.entropy(10))

    def _open_secret(self, device: str, sealed: str) -> bytes:
        context = seal_context(self._controller.id, "device", device)
        return open_secret(self._controller.key, sealed, context)

    def _open_door_secret(self, door: str, sealed: str) -> bytes:
        context = seal_context(self._controller.id, "door", door)
        return open_secret(self._controller.key, sealed, context)
