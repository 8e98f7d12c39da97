"""LINE's Messaging API: the one file that imports its SDK, and only when LINE is set up."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import structlog

from hub.notices.carrier import Outgoing
from hub.notices.domain import Channel, Outcome, Sent, line_user
from hub.notices.settings import LineSettings
from hub.notices.smtp import secret_of
from hub.notices.texts import as_text

_TEXT_MAX: Final = 5000
_TIMEOUT_S: Final = (5, 15)
"""To connect, and to wait for an answer."""
_ACCEPTED: Final = 409
"""This retry key was taken before: the message is on its way."""
_MONTHLY: Final = "monthly limit"
_log = structlog.get_logger(__name__)


class Line:
    """Sends push messages, each under a retry key of its own that is the row's id."""

    channel: Final = Channel.LINE

    def __init__(self, settings: LineSettings) -> None:
        self._settings = settings

    def address(self, text: str) -> str | None:
        """Give a LINE user id; None for what is none."""
        return line_user(text)

    def send(self, message: Outgoing) -> Sent:
        """Push one message."""
        from linebot.v3 import messaging  # type: ignore[import-untyped]

        text = f"{message.said.subject}\n\n{as_text(message.said.blocks)}"
        request = messaging.PushMessageRequest(
            to=message.to, messages=[messaging.TextMessage(text=_short(text))]
        )

        def push(api: Any) -> object:
            return api.push_message(
                request, x_line_retry_key=message.id, _request_timeout=_TIMEOUT_S
            )

        return self._call(push)

    def reply(self, reply_token: str, text: str) -> Sent:
        """Answer somebody who has just written; the token is good once, for about a minute."""
        from linebot.v3 import messaging

        request = messaging.ReplyMessageRequest(
            reply_token=reply_token, messages=[messaging.TextMessage(text=_short(text))]
        )
        return self._call(lambda api: api.reply_message(request, _request_timeout=_TIMEOUT_S))

    def close(self) -> None:
        """Nothing is kept open."""

    # --- inside ------------------------------------------------------------------------------

    def _call(self, work: Callable[[Any], object]) -> Sent:
        from linebot.v3 import messaging
        from linebot.v3.messaging.exceptions import (  # type: ignore[import-untyped]
            ApiException,
            OpenApiException,
        )
        from urllib3.exceptions import HTTPError

        path = self._settings.token_file
        try:
            token = secret_of(path) if path is not None else ""
        except OSError as error:
            return _down(type(error).__name__)
        configuration = messaging.Configuration(host=self._settings.api_url, access_token=token)
        configuration.retries = False  # the outbox tries again, under the same key
        try:
            with messaging.ApiClient(configuration) as client:
                work(messaging.MessagingApi(client))
        except ApiException as error:
            return answered(int(error.status or 0), _message(error.body), dict(error.headers or {}))
        except (HTTPError, OSError, OpenApiException, ValueError) as error:
            return Sent(Outcome.DEFERRED, type(error).__name__)
        return Sent(Outcome.SENT, "200")


def answered(status: int, message: str, headers: dict[str, str]) -> Sent:
    """Say what an error of the API means (Messaging API reference, "Status codes", "Retry a
    failed request")."""
    code = str(status)
    if status == _ACCEPTED:
        return Sent(Outcome.SENT, code)
    if status == 401:
        return _down(code)
    if status == 429:
        if _MONTHLY in message.lower():
            return Sent(Outcome.REFUSED, "429 monthly")
        after = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
        return Sent(Outcome.DEFERRED, code, int(after) if after.isdecimal() else None)
    if 400 <= status < 500:
        return Sent(Outcome.REFUSED, code)
    return Sent(Outcome.DEFERRED, code)


def _down(code: str) -> Sent:
    _log.warning("line_unusable", error=code)
    return Sent(Outcome.DOWN, code)


def _message(body: object) -> str:
    try:
        found = json.loads(body) if isinstance(body, str | bytes) else {}
    except ValueError:
        return ""
    return str(found.get("message", "")) if isinstance(found, dict) else ""


def _short(text: str) -> str:
    return text if len(text) <= _TEXT_MAX else text[: _TEXT_MAX - 1] + "…"
