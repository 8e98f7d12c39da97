"""Cards: how long a tap takes beyond what the card and its service need, and what waiting costs.

One process, the real card service with its virtual reader (`deploy.dev.card_service`). The tap is
timed from the service's notice of the card to the verified presentation; its peer sends the same
three commands with bare pyscard calls to the same card. A reader's own time to notice a card is
not ours: the virtual one looks every 400 ms.
"""

from __future__ import annotations

import secrets
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from bench.report import Report, percentile
from deploy.dev.card_service import READERS, CardService
from edge.cards.profile_files import DEFAULT_PROFILES, choose_profiles, load_profiles
from edge.cards.signatures import der_signature
from edge.cards.verify import CardVerifier, public_key, signed_message
from edge.cards.virtual_card import AID, EcdsaCard
from edge.core.model import CardPresented
from edge.drivers.pcsc import PcscDriver
from edge.drivers.pcsc_api import Pcsc, open_pcsc
from edge.drivers.pcsc_watch import Tap
from edge.drivers.pcsc_worker import CardReading, ReaderWorker
from edge.running_clock import running_ns
from wire.policy_bodies import CardBody, DeviceBody, DeviceDriver

NUMBER: Final = "00112233445566778899AABBCCDDEEFF"
CARD: Final = EcdsaCard.with_scalar(bytes.fromhex(NUMBER), 12345)
PROFILES: Final = load_profiles()
VERIFIER: Final = CardVerifier(PROFILES.values())
ENROLLED: Final = CardBody(
    credential="c", namespace="p256", digest="0" * 64, public_key=CARD.public_key
)
TAPS: Final = 200
WARM_UP: Final = 20
IDLE_S: Final = 4.0


class Till:
    """Takes what is emitted and lets the measurement wait for the next card."""

    def __init__(self) -> None:
        self._came = threading.Semaphore(0)
        self.card: CardPresented | None = None

    def __call__(self, item: object) -> None:
        if isinstance(item, CardPresented):
            self.card = item
            self._came.release()

    def next_card(self) -> CardPresented:
        """The next card presented; TimeoutError after 5 s."""
        if not self._came.acquire(timeout=5) or self.card is None:
            raise TimeoutError("no card was presented")
        return self.card


def our_taps(pcsc: Pcsc) -> list[float]:
    """Milliseconds from the notice of a card to its verified presentation, its thread included."""
    till = Till()
    reading = CardReading(choose_profiles(PROFILES, DEFAULT_PROFILES))
    worker = ReaderWorker(pcsc, READERS[0], "d", reading, till, lambda _: None)
    worker.start()

    def tap() -> None:
        worker.tap(Tap(running_ns()))
        if not VERIFIER.holds(till.next_card(), ENROLLED):
            raise ValueError("the card was not verified")

    try:
        return times_ms(tap)
    finally:
        worker.stop()
        worker.join(2)


def bare_taps(pcsc: Pcsc) -> list[float]:
    """Milliseconds for the same exchange and verification with nothing around them."""
    context = pcsc.establish()
    key = public_key(CARD.public_key)
    challenge = PROFILES["iso7816-ecdsa-p256"].challenge
    if challenge is None:
        raise ValueError("the profile has a challenge")

    def tap() -> None:
        card = pcsc.connect(context, READERS[0])
        nonce = secrets.token_bytes(32)
        pcsc.transmit(card, b"\x00\xa4\x04\x00\x0a" + AID + b"\x00")
        number = pcsc.transmit(card, b"\x00\xca\x01\x01\x00")[:-2]
        signature = pcsc.transmit(card, b"\x00\x88\x00\x00\x20" + nonce + b"\x00")[:-2]
        message = signed_message(challenge, nonce, number)
        key.verify(der_signature(signature), message, ec.ECDSA(SHA256()))
        pcsc.disconnect(card)

    try:
        return times_ms(tap)
    finally:
        pcsc.release(context)


def times_ms(act: Callable[[], None]) -> list[float]:
    """Milliseconds of each of `TAPS` runs, after a warm-up."""
    samples = []
    for _ in range(WARM_UP + TAPS):
        began = time.perf_counter_ns()
        act()
        samples.append((time.perf_counter_ns() - began) / 1e6)
    return samples[WARM_UP:]


def idle_driver() -> float:
    """CPU milliseconds a second that our driver spends while nothing happens."""
    driver = PcscDriver(CardReading(choose_profiles(PROFILES, DEFAULT_PROFILES)))
    driver.configure({"d": DeviceBody(driver=DeviceDriver.PCSC, port="cards")}, {})
    driver.start(Till())
    time.sleep(0.5)
    try:
        return cpu_ms_per_s(lambda: time.sleep(IDLE_S))
    finally:
        driver.stop()


def idle_polling(pcsc: Pcsc) -> float:
    """The same for a loop that asks every 100 ms."""
    context = pcsc.establish()
    known: dict[str, int] = {}

    def poll() -> None:
        end = time.monotonic() + IDLE_S
        while time.monotonic() < end:
            for name in pcsc.readers(context):
                known.setdefault(name, 0)
            pcsc.wait(context, known, 0)
            time.sleep(0.1)

    try:
        return cpu_ms_per_s(poll)
    finally:
        pcsc.release(context)


def cpu_ms_per_s(act: Callable[[], None]) -> float:
    """CPU milliseconds of this process per second while `act` runs."""
    cpu, began = time.process_time(), time.monotonic()
    act()
    return (time.process_time() - cpu) * 1000 / (time.monotonic() - began)


def main() -> int:
    """Measure; 0 when every goal is met."""
    report = Report("cards")
    with CardService() as service:
        pcsc = open_pcsc()
        idle, polling = idle_driver(), idle_polling(pcsc)
        service.put(0, "--ecdsa", NUMBER, "12345")
        service.wait_for_card(0)
        bare, ours = bare_taps(pcsc), our_taps(pcsc)
    for percent, goal in ((50, "ratio <= 1.5 and value <= 20"), (95, "ratio <= 2 and value <= 20")):
        report.line(
            f"challenge_tap_p{percent}",
            percentile(ours, percent),
            "ms",
            goal,
            "bare pyscard",
            percentile(bare, percent),
        )
    report.line("idle_cpu", idle, "ms/s", "ratio <= 0.2", "poll at 100 ms", polling)
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
