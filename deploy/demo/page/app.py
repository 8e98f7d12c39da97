"""The page where one presses keys, taps cards, pulls the cable and opens the leaf."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import resources
from typing import Annotated, Final

from fastapi import Body, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse
from jinja2 import Environment

from deploy.demo.plan import (
    CARDS,
    DOORS,
    GROUND_SITE,
    KEY_BOX,
    SITES,
    TERMINALS,
    TOWN_HALL,
    CardPlan,
    DoorPlan,
)
from deploy.demo.tap_answers import TapAnswers
from deploy.demo.visit import BoxVisits, VisitFailedError
from deploy.demo.world import World

_HEARTBEAT_S: Final = 10.0
_MAX_KEYS: Final = 12
_ASKED_S: Final = 12.0
_SECURITY: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_PLAIN: Final = {"/doors.css": "text/css", "/doors.js": "text/javascript"}

Text = Annotated[str, Body(embed=True, max_length=64)]


def build_page(
    world: World, own_port: int, hub_url: str, answers: TapAnswers, visits: BoxVisits
) -> FastAPI:
    """Build the page for a world; it answers requests for `127.0.0.1:own_port` only.

    `answers` tells what the terminals' agent makes of a tap; `visits` takes the laptop to the box.
    """
    app = FastAPI(title="Kagimori DEMO doors", openapi_url=None)
    own = {f"127.0.0.1:{own_port}", f"localhost:{own_port}"}

    @app.middleware("http")
    async def guard(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Another site's page in the same browser must not move the demo's doors."""
        origin = request.headers.get("origin")
        foreign = origin is not None and origin.removeprefix("http://") not in own
        if request.headers.get("host") not in own or foreign:
            return Response("not this page", status_code=421)
        answer = await call_next(request)
        answer.headers.update(_SECURITY)
        return answer

    _add_views(app, world, hub_url)
    _add_hands(app, world)
    _add_terminals(app, world, answers)
    _add_box(app, world, visits)
    return app


def _add_views(app: FastAPI, world: World, hub_url: str) -> None:
    folder = resources.files("deploy.demo.page")
    template = Environment(autoescape=True).from_string(folder.joinpath("doors.html").read_text())

    @app.get("/", response_class=HTMLResponse)
    def page() -> str:
        return template.render(
            sites=SITES,
            doors=DOORS,
            cards=CARDS,
            terminals=TERMINALS,
            terminal_site=TOWN_HALL,
            ground=GROUND_SITE,
            box=KEY_BOX,
            hub_url=hub_url,
        )

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(_states(world), media_type="text/event-stream")

    @app.get("/{name}")
    def plain(name: str) -> Response:
        kind = _PLAIN.get(f"/{name}")
        if kind is None:
            raise HTTPException(404, "ありません no such page")
        return Response(folder.joinpath(name).read_text(), media_type=kind)


async def _states(world: World) -> AsyncIterator[str]:
    """Give the state whenever it changed, and now and then when it did not."""
    seen = -1
    while not world.closed:
        yield f"data: {json.dumps(world.snapshot())}\n\n"
        seen = max(seen, world.version)
        seen = await asyncio.to_thread(world.wait_beyond, seen, _HEARTBEAT_S)


def _add_hands(app: FastAPI, world: World) -> None:
    @app.post("/doors/{door}/keys", status_code=204)
    def keys(door: str, keys: Text) -> None:
        world.door(_door(door)).press(_keys(keys))

    @app.post("/doors/{door}/card", status_code=204)
    def hold(door: str, card: Text) -> None:
        world.hold_card(_door(door), _card(card))

    @app.post("/doors/{door}/{act}", status_code=204)
    def move(door: str, act: str) -> None:
        mechanics = world.door(_door(door))
        match act:
            case "pull":
                if not mechanics.pull():
                    raise HTTPException(409, "かんぬきが出ています the bolt is out")
            case "shut":
                mechanics.shut()
            case "exit":
                mechanics.press_exit()
            case "force":
                mechanics.force()
            case _:
                raise HTTPException(404, "できません no such thing to do")

    @app.post("/sites/{site}/cable", status_code=204)
    def cable(site: str, plugged: Annotated[bool, Body(embed=True)]) -> None:
        if site not in world.cables:
            raise HTTPException(404, "ありません no such site")
        world.set_cable(site, plugged=plugged)


def _add_terminals(app: FastAPI, world: World, answers: TapAnswers) -> None:
    one_at_a_time = threading.Lock()

    @app.post("/terminals/{terminal}")
    def lay(terminal: str, card: Text) -> dict[str, str]:
        """Lay a card on a terminal until the agent has answered, and tell its answer."""
        there = {plan.key: plan for plan in TERMINALS}
        if terminal not in there:
            raise HTTPException(404, "端末がありません no such terminal")
        plan = _card(card)
        # Where people choose, the answer may come once nobody did.
        deadline_s = _ASKED_S if there[terminal].punch == "chosen" else None
        with one_at_a_time:
            try:
                said = answers.to(lambda: world.lay_on_terminal(terminal, plan), deadline_s)
            finally:
                world.clear_terminal(terminal)
        return {"answer": said}


def _add_box(app: FastAPI, world: World, visits: BoxVisits) -> None:
    box = world.box

    @app.post("/box/keys", status_code=204)
    def keys(keys: Text) -> None:
        box.press(_keys(keys))

    @app.post("/box/visit")
    def visit() -> dict[str, str]:
        """Go there with a ticket and the laptop."""
        try:
            report = visits.visit("DEMO")
        except VisitFailedError as error:
            raise HTTPException(502, f"巡回できませんでした the visit failed: {error}") from error
        return {"answer": "visited", "records": str(report["journaled"])}

    @app.post("/box/{act}", status_code=204)
    def move(act: str) -> None:
        match act:
            case "open":
                done = box.open_lid()
            case "close":
                box.close_lid()
                done = True
            case "take" | "return":
                done = box.move_key(inside=act == "return")
            case _:
                raise HTTPException(404, "できません no such thing to do")
        if not done:
            raise HTTPException(409, "ふたが閉まっています the lid is shut")


def _keys(keys: str) -> str:
    if not keys or len(keys) > _MAX_KEYS or set(keys) - set("0123456789*#"):
        raise HTTPException(422, "そのキーはありません no such key")
    return keys


def _door(key: str) -> DoorPlan:
    for plan in DOORS:
        if plan.key == key:
            return plan
    raise HTTPException(404, "扉がありません no such door")


def _card(key: str) -> CardPlan:
    for plan in CARDS:
        if plan.key == key:
            return plan
    raise HTTPException(404, "カードがありません no such card")
