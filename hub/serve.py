"""Serving a built hub: waits for its database, refuses an old schema, starts workers and HTTP."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

import structlog
import uvicorn

from hub.app import create_app
from hub.bootstrap import Hub
from hub.database.migrate import check_schema
from hub.entries.live import Live
from hub.settings import ConfigError, Settings

_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 30.0
_log = structlog.get_logger(__name__)


def serve(hub: Hub) -> None:
    """Serve until a signal comes; the workers are stopped and the database closed then.

    Raises `ConfigError` for TLS files that cannot be used, `SchemaOutdatedError` for a database
    that wants `kagimori-hub migrate`. A database that is down is waited for.
    """
    settings = hub.core.settings
    try:
        options = server_options(settings)
        hub.core.keys.check()
        wait_for_database(hub)
        check_schema(hub.core.db)
        live = hub.services.get(Live)
        server = _Server(uvicorn.Config(create_app(hub), **options), live.stop)
        hub.start()
        server.run()
    finally:
        hub.stop()


class _Server(uvicorn.Server):
    """Ends the live streams as soon as a signal comes: uvicorn would wait for them."""

    def __init__(self, config: uvicorn.Config, on_exit: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_exit = on_exit

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take the signal."""
        self._on_exit()
        super().handle_exit(sig, frame)


def wait_for_database(hub: Hub, pause: Callable[[float], None] = time.sleep) -> None:
    """Try again, ever more slowly, until the database answers; each try that fails is logged."""
    wait_s = _FIRST_WAIT_S
    while not hub.core.db.reachable():
        _log.warning("database_unreachable", again_in_s=wait_s)
        pause(wait_s)
        wait_s = min(wait_s * 2, _LONGEST_WAIT_S)


def server_options(settings: Settings) -> dict[str, Any]:
    """Give uvicorn's options: TLS from the given files, or the one proxy that is trusted."""
    listen = settings.listen
    options: dict[str, Any] = {
        "host": listen.host,
        "port": listen.port,
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "date_header": True,
        "timeout_keep_alive": 20,
        "timeout_graceful_shutdown": 10,
        "limit_concurrency": 1000,
        "proxy_headers": listen.trusted_proxy is not None,
        "forwarded_allow_ips": listen.trusted_proxy or "",
    }
    if listen.tls:
        certificate, key = settings.file("tls_certificate"), settings.file("tls_key")
        _check_tls(certificate=str(certificate), key=str(key))
        options |= {"ssl_certfile": str(certificate), "ssl_keyfile": str(key)}
        options["ssl_version"] = ssl.PROTOCOL_TLS_SERVER
    return options


def _check_tls(certificate: str, key: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"{certificate}, {key}: tls_certificate and tls_key cannot be used ({error}); issue "
            "them with `kagimori-provision`, or set trusted_proxy and tls = false"
        ) from error
