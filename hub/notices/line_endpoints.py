"""POST /line/webhook: what LINE's platform tells. It is known by its signature alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from hub.catalogue import Language, Translator
from hub.notices.line_api import Line
from hub.notices.line_links import LineLinks, Linking
from hub.notices.line_webhook import (
    SIGNATURE_HEADER,
    LineEvent,
    WebhookError,
    events_of,
    is_signed,
)
from hub.notices.smtp import secret_of
from hub.web.core import core_of, provided
from hub.web.identity import public_proven
from hub.web.problems import BAD_REQUEST, NOT_FOUND, UNAUTHENTICATED, UNAVAILABLE, Problem

router = APIRouter(include_in_schema=False)
Links = Annotated[LineLinks, provided(LineLinks)]


@router.post("/line/webhook", dependencies=[public_proven("X-Line-Signature")])
async def webhook(request: Request, background: BackgroundTasks, links: Links) -> Response:
    """Follow, unfollow, and messages that may be codes. Answered at once; replies go afterwards."""
    settings = core_of(request).settings.line
    if settings.secret_file is None:
        raise Problem(NOT_FOUND, "LINE is not set up")
    body = await request.body()
    secret = await run_in_threadpool(_secret, settings.secret_file)
    if not is_signed(secret, body, request.headers.get(SIGNATURE_HEADER, "")):
        raise Problem(UNAUTHENTICATED, "the signature is not the channel's")
    try:
        events = events_of(body)
    except WebhookError as error:
        raise Problem(BAD_REQUEST, str(error)) from error
    line = Line(settings)
    for each in events:
        said = await run_in_threadpool(_take, links, each)
        if said is not None and each.reply_token:
            background.add_task(line.reply, each.reply_token, _in_both(said))
    return JSONResponse({}, background=background)


def _secret(path: Path) -> str:
    try:
        return secret_of(path)
    except OSError as error:
        raise Problem(UNAVAILABLE, "the channel's secret cannot be read") from error


def _take(links: LineLinks, event: LineEvent) -> Linking | None:
    """Do what an event demands; give what to answer, if anything."""
    if event.kind in ("follow", "unfollow"):
        links.followed(event.user, follows=event.kind == "follow")
        return Linking.NO_CODE if event.kind == "follow" else None
    found = links.take(event.user, event.text)
    return None if found is Linking.LINKED else found  # that is told by a notice of its own


def _in_both(said: Linking) -> str:
    """A stranger's language is not known yet."""
    return "\n".join(
        Translator(each)(f"line_link.{said.value}") for each in (Language.JA, Language.EN)
    )
