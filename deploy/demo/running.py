"""The whole town running: broker, hub, two agents, what stands at their doors, and the page.

Everything runs in processes of its own, on loopback, and ends with this one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from deploy.demo.api import Api, ApiError, wait_until
from deploy.demo.installation import (
    Installation,
    make_installation,
    write_edge_settings,
    write_hub_settings,
    write_laptop_settings,
)
from deploy.demo.plan import LAPTOP, SITES, TERMINALS, TOWN_HALL
from deploy.demo.processes import ChildProcess
from deploy.demo.tap_answers import TapAnswers
from deploy.demo.visit import BoxVisits
from deploy.demo.world import World
from deploy.mosquitto.process import free_port

if TYPE_CHECKING:
    from uvicorn import Server

_HUB_DEADLINE_S: Final = 60.0
_PAGE_DEADLINE_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody who may log in to the hub's pages."""

    login: str
    password: str
    role: str


class RunningTown:
    """Starts on entering, ends on leaving. `say` tells a person how far it is."""

    def __init__(self, directory: Path, *, embedded: bool, say: Callable[[str], None]) -> None:
        self._say = say
        self.installation: Installation = make_installation(directory, embedded=embedded)
        self._card_ports = {
            site.key: {plan.key: free_port() for plan in TERMINALS} for site in SITES
        }
        self._children: dict[str, ChildProcess] = {}
        self._agents: list[ChildProcess] = []
        self._page: Server | None = None
        self._page_thread: threading.Thread | None = None
        self.page_port = free_port()
        self.screen_port = free_port()
        self.world: World
        self.api: Api
        self.token = ""
        self.logins: list[Login] = []
        self.visits: BoxVisits

    @property
    def hub_url(self) -> str:
        """Where the hub's pages are."""
        return f"https://localhost:{self.installation.hub_port}"

    @property
    def page_url(self) -> str:
        """Where the simulated doors are."""
        return f"http://127.0.0.1:{self.page_port}/"

    @property
    def screen_url(self) -> str:
        """Where the town hall's attendance terminal shows its page."""
        return f"http://127.0.0.1:{self.screen_port}/"

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def let_agents_go(self) -> None:
        """Let the agents serve: as with real ones, once their controllers are known."""
        for child in self._agents:
            child.go()

    def _start_agent(self, site: str) -> None:
        made = self.installation
        port = self.world.cables[site].port
        screen = self.screen_port if site == TOWN_HALL else None
        write_edge_settings(made, site, self.world.sites[site].port, port, screen)
        self._start_edge(site, *map(str, self._card_ports[site].values()))

    def _start_edge(self, name: str, *card_ports: str) -> None:
        made = self.installation
        arguments = [str(made.edge_settings(name)), *card_ports]
        log = made.directory / f"edge-{name}.log"
        child = ChildProcess(f"edge {name}", "deploy.demo.edge_process", arguments, log)
        self._run(child)
        self._agents.append(child)

    def start_page(self) -> None:
        """Serve the simulated doors. Its libraries are loaded here: the story does without."""
        import uvicorn

        from deploy.demo.page.app import build_page

        answers = TapAnswers(self.installation.edge_socket(TOWN_HALL))
        app = build_page(self.world, self.page_port, self.hub_url, answers, self.visits)
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=self.page_port,
            log_level="error",
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._page = uvicorn.Server(config)
        self._page_thread = threading.Thread(target=self._page.run, name="page", daemon=True)
        self._page_thread.start()
        # Its address is told next: nobody must come to it before it listens.
        page = self._page
        wait_until("the page of the doors", lambda: page.started, _PAGE_DEADLINE_S)

    def check(self) -> None:
        """Raise `ChildFailedError` if anything has ended that should run."""
        for child in self._children.values():
            child.check()

    def close(self) -> None:
        """End everything."""
        if self._page is not None and self._page_thread is not None:
            self._page.should_exit = True
        if hasattr(self, "api"):
            self.api.close()
        for child in self._children.values():
            child.ask_to_stop()
        for child in self._children.values():
            child.stop()
        self.installation.broker.stop()
        if hasattr(self, "world"):
            self.world.close()
        if self._page_thread is not None:
            self._page_thread.join(5)

    def _start(self) -> None:
        made = self.installation
        write_hub_settings(made)
        self._say("broker")
        made.broker.start()
        self.world = World(made.broker.port, self._card_ports[TOWN_HALL])
        self._say("hub")
        first = made.directory / "first-run.json"
        arguments = [str(made.hub_settings), str(first)]
        log = made.directory / "hub.log"
        self._run(ChildProcess("hub", "deploy.demo.hub_process", arguments, log))
        for site in SITES:
            self._start_agent(site.key)
        write_laptop_settings(made)
        self._start_edge(LAPTOP)
        wait_until("the hub's logins", lambda: self._looked(first.exists), _HUB_DEADLINE_S)
        told = json.loads(first.read_text())
        self.logins = [Login(**one) for one in told["logins"]]
        self.token = str(told["token"])
        self.api = Api(made.hub_port, made.ca, self.token)
        wait_until("the hub", lambda: self._looked(self._hub_answers), _HUB_DEADLINE_S)
        self.visits = BoxVisits(self.api, made, self.world.box)

    def _hub_answers(self) -> bool:
        with suppress(ApiError):
            self.api.get("/readyz")
            return True
        return False

    def _looked(self, look: Callable[[], bool]) -> bool:
        self.check()
        return look()

    def _run(self, child: ChildProcess) -> None:
        self._children[child.name] = child
        child.start()
