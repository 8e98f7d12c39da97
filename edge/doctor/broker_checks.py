"""Whether the broker can be spoken to: its name, its port, its certificate, what it says of ours.

The agent itself does not look at the dates of the broker's certificate (its clock may be wrong);
the doctor does, since a broker without a valid one refuses other clients.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from cryptography import x509

from edge.controller_files import tls_context
from edge.doctor.finding import ENGLISH, Finding, Say
from edge.machine import Machine
from edge.settings import Settings, SettingsError

CONNECT_S: Final = 5.0
_ALERT_S: Final = 0.5
"""TLS 1.3 tells a client of its certificate after the handshake only."""
_WRONG_CA: Final = (2, 18, 19, 20, 21)
_WRONG_NAME: Final = (62, 64)
_ABOUT_US: Final = ("ALERT", "alert")


def broker(settings: Settings, say: Say = ENGLISH) -> list[Finding]:
    """Try it as the agent does, without speaking MQTT."""
    values = {"host": settings.mqtt.host, "port": settings.mqtt.port}
    try:
        context = tls_context(settings)
    except (SettingsError, OSError):
        return []  # the check 'identity' tells of it
    try:
        socket.getaddrinfo(settings.mqtt.host, settings.mqtt.port, type=socket.SOCK_STREAM)
    except OSError:
        return [say("broker", "broker_name", **values)]
    try:
        line = socket.create_connection((settings.mqtt.host, settings.mqtt.port), CONNECT_S)
    except ConnectionRefusedError:
        return [say("broker", "broker_refused", **values)]
    except OSError as error:
        problem = error.strerror or str(error)
        return [say("broker", "broker_unreachable", problem=problem, **values)]
    with line:
        return [_handshake(line, context, settings, say)]


def _handshake(
    line: socket.socket, context: ssl.SSLContext, settings: Settings, say: Say
) -> Finding:
    values = {"host": settings.mqtt.host, "port": settings.mqtt.port}
    try:
        with context.wrap_socket(line, server_hostname=settings.mqtt.host) as secured:
            certificate = secured.getpeercert(binary_form=True)
            secured.settimeout(_ALERT_S)
            with suppress(TimeoutError):  # it waits for us to speak: all is well
                secured.recv(1)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code in _WRONG_CA:
            return say("broker", "broker_wrong_ca", **values)
        if error.verify_code in _WRONG_NAME:
            return say("broker", "broker_wrong_name", **values)
        return say("broker", "broker_tls", problem=error.verify_message)
    except ssl.SSLError as error:
        problem = (error.reason or str(error)).lower().replace("_", " ")
        about_us = any(one in (error.reason or "") for one in _ABOUT_US)
        return say("broker", "broker_rejects_us" if about_us else "broker_tls", problem=problem)
    except OSError as error:
        return say("broker", "broker_tls", problem=error.strerror or str(error))
    return _dates(certificate, say, values)


def _dates(certificate: bytes | None, say: Say, values: dict[str, object]) -> Finding:
    if certificate is not None:
        told = x509.load_der_x509_certificate(certificate)
        start, end = told.not_valid_before_utc, told.not_valid_after_utc
        now: datetime = Machine().wall().astimezone(UTC)
        if not start <= now < end:
            return say("broker", "broker_expired", start=f"{start:%Y-%m-%d}", end=f"{end:%Y-%m-%d}")
    return say("broker", "broker_ok", **values)
