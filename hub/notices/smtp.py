"""The mail server: TLS always checked, one connection for a run's messages."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from hub.notices.carrier import Outgoing
from hub.notices.domain import Channel, Outcome, Sent, email_address
from hub.notices.mail import mail_of
from hub.notices.settings import MailSettings

_PERMANENT: Final = range(500, 600)
_log = structlog.get_logger(__name__)


class Smtp:
    """Sends through one submission server (RFC 6409)."""

    channel: Final = Channel.EMAIL

    def __init__(self, settings: MailSettings, host: str) -> None:
        self._settings = settings
        self._host = host
        self._server: smtplib.SMTP | None = None

    def address(self, text: str) -> str | None:
        """Give an address with its domain in ASCII; None for what is none."""
        return email_address(text)

    def send(self, message: Outgoing) -> Sent:
        """Hand one message over; a server that is down, refuses us or offers no TLS is `down`."""
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException, ssl.SSLError) as error:
            self._drop()
            code = _code(error)
            _log.warning("mail_server_unusable", error=code)
            return Sent(Outcome.DOWN, code)
        try:
            return self._deliver(server, message)
        except smtplib.SMTPSenderRefused as error:
            self._reset(server)
            return Sent(Outcome.DOWN, f"sender {error.smtp_code}")
        except smtplib.SMTPRecipientsRefused as error:
            self._reset(server)
            return _answered(next(iter(error.recipients.values()))[0])
        except smtplib.SMTPResponseException as error:
            self._reset(server)
            return _answered(error.smtp_code)
        except (OSError, smtplib.SMTPException) as error:
            # The connection broke: perhaps after the server had taken the message. It goes again
            # under the same Message-ID.
            self._drop()
            return Sent(Outcome.DEFERRED, _code(error))

    def close(self) -> None:
        """Say goodbye."""
        server, self._server = self._server, None
        if server is not None:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()

    # --- inside ------------------------------------------------------------------------------

    def _deliver(self, server: smtplib.SMTP, message: Outgoing) -> Sent:
        settings = self._settings
        mail = mail_of(message, settings, self._host)
        server.sendmail(settings.sender, [message.to], mail.as_bytes())
        return Sent(Outcome.SENT, "250")

    def _connected(self) -> smtplib.SMTP:
        if self._server is not None:
            try:
                if self._server.noop()[0] == 250:
                    return self._server
            except (OSError, smtplib.SMTPException):
                pass
            self._drop()
        server = self._connect()
        self._server = server
        settings = self._settings
        if settings.username and settings.password_file is not None:
            server.login(settings.username, secret_of(settings.password_file))
        return server

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        where = (settings.host, settings.port)
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                *where, self._host, timeout=settings.timeout_s, context=self._context()
            )
        else:
            server = smtplib.SMTP(*where, self._host, timeout=settings.timeout_s)
        self._server = server  # to be dropped if what follows fails
        if settings.security == "starttls":
            # Raises where the server offers none: nothing goes in plain text then.
            server.starttls(context=self._context())
        server.ehlo_or_helo_if_needed()
        return server

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._settings.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _reset(self, server: smtplib.SMTP) -> None:
        try:
            server.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()


def secret_of(path: Path) -> str:
    """Give the secret in a file, without the line's end; raise `OSError`."""
    return path.read_text(encoding="utf-8").strip()


def _answered(code: int) -> Sent:
    permanent = code in _PERMANENT
    return Sent(Outcome.REFUSED if permanent else Outcome.DEFERRED, str(code))


def _code(error: Exception) -> str:
    """What went wrong, without the server's own words."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} {error.smtp_code}"
    return type(error).__name__
