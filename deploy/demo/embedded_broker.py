"""A broker for machines without Mosquitto: amqtt on loopback, certificate and topic rules set.

amqtt 0.12 alone would let in clients without a certificate, hand retained messages to whoever
connects, publish a last will unchecked and end the session of anybody whose client id is named. So
the connection is checked before the broker acts on it, and its name is the certificate's CN alone.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import ssl
from pathlib import Path
from typing import Any, Final

from amqtt.adapters import ReaderAdapter, WriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig, ListenerConfig
from amqtt.errors import MQTTError
from amqtt.mqtt.connack import NOT_AUTHORIZED, ConnackPacket
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from deploy.demo.processes import end_with_parent
from provisioning.mosquitto import BROKER_CERTIFICATE, BROKER_KEY, CA
from provisioning.topic_rules import is_known_name, may_publish, may_receive, may_subscribe

_LISTENER: Final = "default"


def certified_name(session: Session) -> str | None:
    """Give the CN of a session's verified certificate; None without one that is known."""
    certificate = session.ssl_object.getpeercert() if session.ssl_object else None
    if not certificate:
        return None
    names = [v for part in certificate["subject"] for k, v in part if k == "commonName"]
    return names[0] if len(names) == 1 and is_known_name(names[0]) else None


class CertificatePlugin(BaseAuthPlugin):  # type: ignore[misc]  # amqtt publishes no types
    """Lets in whoever has a certificate of the CA, under its name, with a will it may publish."""

    async def authenticate(self, *, session: Session) -> bool | None:
        """Tell whether the session may go on."""
        name = certified_name(session)
        if name is None or session.client_id != name:
            return False
        return not session.will_flag or may_publish(name, session.will_topic or "")


class TopicPlugin(BaseTopicPlugin):  # type: ignore[misc]  # amqtt publishes no types
    """Keeps everybody to the topics of `provisioning.topic_rules`."""

    async def topic_filtering(
        self,
        *,
        session: Session | None = None,
        topic: str | None = None,
        action: Action | None = None,
    ) -> bool | None:
        """Tell whether the session may publish, receive or subscribe."""
        name = session.client_id if session else None
        if name is None or topic is None:
            return False
        rules = {
            Action.PUBLISH: may_publish,
            Action.RECEIVE: may_receive,
            Action.SUBSCRIBE: may_subscribe,
        }
        rule = rules.get(action) if action is not None else None
        return rule is not None and rule(name, topic)


class EmbeddedBroker(Broker):  # type: ignore[misc]  # amqtt publishes no types
    """amqtt with its four gaps closed; each override says which."""

    @staticmethod
    def _create_ssl_context(listener: ListenerConfig) -> ssl.SSLContext:
        """A certificate is required; amqtt asks for one and does without."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=listener.cafile)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(str(listener.certfile), str(listener.keyfile))
        return context

    async def _initialize_client_session(
        self,
        reader: ReaderAdapter,
        writer: WriterAdapter,
        remote_address: str,
        remote_port: int,
    ) -> tuple[BrokerProtocolHandler, Session]:
        """The client is who its certificate says, whatever id it names; amqtt would end the
        session of the one it names before anything is authenticated. Sessions are always clean."""
        del remote_address, remote_port
        handler, session = await BrokerProtocolHandler.init_from_connect(
            reader, writer, self.plugins_manager
        )
        name = certified_name(session)
        if name is None:
            await ConnackPacket.build(0, NOT_AUTHORIZED).to_stream(writer)
            await writer.close()
            raise MQTTError("no certificate of a known name")
        session.client_id = session.username = name
        session.clean_session = True
        session.parent = 0
        before = self._sessions.get(name)
        if before is not None:
            await before[1].handle_connection_closed()
            await self._cleanup_session(name)
        return handler, session

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        """Retained messages obey the rules too; amqtt gives each new client those of every
        subscription there is."""
        topic_filter, qos = subscription
        handler = self._get_handler(session)
        if handler is None or not may_subscribe(session.client_id or "", topic_filter):
            return
        for topic, retained in list(self._retained_messages.items()):
            if self._matches(topic, topic_filter) and may_receive(session.client_id or "", topic):
                level = min(qos, retained.qos or qos)
                await handler.mqtt_publish(retained.topic, retained.data, level, retain=True)


def broker_config(directory: Path, port: int) -> BrokerConfig:
    """Give amqtt's configuration for a directory written by `enrolment.init_broker`."""
    listener = ListenerConfig(
        bind=f"127.0.0.1:{port}",
        ssl=True,
        cafile=directory / CA,
        certfile=directory / BROKER_CERTIFICATE,
        keyfile=directory / BROKER_KEY,
    )
    here = "deploy.demo.embedded_broker"
    plugins: dict[str, Any] = {f"{here}.CertificatePlugin": {}, f"{here}.TopicPlugin": {}}
    return BrokerConfig(listeners={_LISTENER: listener}, plugins=plugins)


async def serve(directory: Path, port: int) -> None:
    """Run the broker until the process is told to end."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    broker = EmbeddedBroker(broker_config(directory, port))
    await broker.start()
    await ending.wait()
    await broker.shutdown()


def main() -> None:
    """Run as `python -m deploy.demo.embedded_broker DIRECTORY PORT`, in a process of its own."""
    parser = argparse.ArgumentParser(description="The demo's broker, on loopback only.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("port", type=int)
    given = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    end_with_parent()
    asyncio.run(serve(given.directory, given.port))


if __name__ == "__main__":
    main()
