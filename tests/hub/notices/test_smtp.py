"""Mail to a real server (Exim) over TLS, read by a parser that is not ours; faults provoked."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Literal

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from icalendar import Calendar
from prometheus_client import CollectorRegistry

from hub.bookings.ics import ics_of, method_of
from hub.bookings.records import Booking, Contact
from hub.bookings.tables import BookingSource, BookingState
from hub.bookings.windows import BookedWindow
from hub.catalogue import Language
from hub.notices.carrier import CalendarFile, Outgoing
from hub.notices.domain import Outcome
from hub.notices.mail import mail_of
from hub.notices.settings import MailSettings
from hub.notices.smtp import Smtp
from hub.notices.texts import Block, BlockKind, Said
from hub.notices.wiring import notice_jobs

ROW = "0190a000-0000-7000-8000-00000000beef"
EXIM = Path("/usr/sbin/exim4")
NOW = datetime(2026, 4, 6, 9, tzinfo=UTC)
HALL = "中央公民館, 大ホール; 「夜」" + "長" * 60
STOP = "https://doors.test/u/0123456789abcdef0123456789abcdef"


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """No database is asked."""
    return sqlite_at


def outgoing(to: str = "hanako@example.jp", **changed: Any) -> Outgoing:
    """A message with everything in it."""
    said = Said(
        "予約が確定しました（中央公民館 大ホール 4月8日（水）、長い件名でも折り返して届きます）",
        (
            Block(BlockKind.TEXT, ("山田 花子 様", "次の内容で予約が確定しました。 <b>&amp;")),
            Block(BlockKind.DIGITS, pairs=(("暗証番号", "48 27 16"),)),
        ),
        (Block(BlockKind.LINK, pairs=(("お知らせを止める", STOP),)),),
    )
    window = BookedWindow(NOW, NOW + timedelta(hours=2))
    booking = Booking(
        id="b",
        reservation_key="r-1",
        facility_id=None,
        site_id="s",
        state=BookingState.CONFIRMED,
        source=BookingSource.API,
        booked=window,
        effective=window,
        contact=Contact(),
        purpose="",
        paid=None,
        digits=None,
        decision_reason="",
        doors=(),
        created_at=NOW - timedelta(seconds=3),
        changed_at=NOW,
    )
    content = ics_of(booking, None, title=HALL, place="札幌市\n北区", organizer_host="doors.test")
    entry = CalendarFile(method_of(booking), content)
    made = Outgoing(ROW, to, NOW, Language.JA, said, entry, STOP)
    return replace(made, **changed)


# --- certificates --------------------------------------------------------------------------------


@dataclass
class Certificates:
    ca: Path
    certificate: Path
    key: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A private authority, and a server certificate of it for localhost."""
    folder = tmp_path_factory.mktemp("mail-ca")
    now = datetime.now(UTC)

    def sign(
        subject: str,
        key: ec.EllipticCurvePrivateKey,
        issuer: str,
        by: ec.EllipticCurvePrivateKey,
        *,
        ca: bool,
    ) -> x509.Certificate:
        name = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in (subject, issuer)]
        builder = (
            x509.CertificateBuilder()
            .subject_name(name[0])
            .issuer_name(name[1])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            names = x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]
            )
            builder = builder.add_extension(names, critical=False)
        return builder.sign(by, hashes.SHA256())

    authority, own = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    pem = serialization.Encoding.PEM
    made.ca.write_bytes(sign("Town CA", authority, "Town CA", authority, ca=True).public_bytes(pem))
    made.certificate.write_bytes(
        sign("localhost", own, "Town CA", authority, ca=False).public_bytes(pem)
    )
    made.key.write_bytes(
        own.private_bytes(
            pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    return made


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


# --- a real server -------------------------------------------------------------------------------

_EXIM_CONF = """
primary_hostname = mail.town.test
spool_directory = {home}/spool
log_file_path = {home}/log_%slog
exim_user = {user}
exim_group = {group}
daemon_smtp_ports = {tls} : {starttls}
tls_on_connect_ports = {tls}
local_interfaces = 127.0.0.1
tls_advertise_hosts = *
tls_certificate = {certificate}
tls_privatekey = {key}
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
acl_smtp_mail = acl_mail
acl_smtp_rcpt = acl_rcpt
never_users =
rfc1413_hosts =
smtp_accept_max = 5
queue_only = false

begin acl
acl_mail:
  deny message = no login
       !authenticated = *
  accept
acl_rcpt:
  deny message = no such mailbox here
       local_parts = nobody
  defer message = try later
        local_parts = later
  accept

begin routers
all:
  driver = accept
  transport = maildir

begin transports
maildir:
  driver = appendfile
  directory = {home}/maildir
  maildir_format
  create_directory
  user = {user}
  group = {group}

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{hub}}}}{{eq{{$auth3}}{{right}}}}}}}}
  server_set_id = $auth2
"""


@dataclass
class MailServer:
    """An Exim of this test run's own, and the maildir it delivers to."""

    home: Path
    tls: int
    starttls: int

    def received(self) -> list[Path]:
        """The files of what arrived; waits for the delivery, which follows the acceptance."""
        folder = self.home / "maildir" / "new"
        for _ in range(500):
            found = sorted(folder.glob("*")) if folder.is_dir() else []
            if found:
                return found
            time.sleep(0.01)
        pytest.fail((self.home / "log_mainlog").read_text())

    def forget(self) -> None:
        shutil.rmtree(self.home / "maildir", ignore_errors=True)


@pytest.fixture(scope="session")
def exim(fast_folder: Path, certificates: Certificates) -> Iterator[MailServer]:
    """Exim with TLS and AUTH, everything of it in one folder, on loopback."""
    if not EXIM.exists():
        pytest.fail("Exim is not installed: run deploy/dev/system-packages.sh")
    home = fast_folder / "exim"
    home.mkdir()
    user, group = (
        ("Debian-exim", "Debian-exim")
        if os.geteuid() == 0
        else (str(os.geteuid()), str(os.getegid()))
    )
    for name in ("certificate", "key"):
        shutil.copy(getattr(certificates, name), home / name)
    (home / "spool").mkdir()
    server = MailServer(home, free_port(), free_port())
    config = home / "exim.conf"
    config.write_text(
        _EXIM_CONF.format(
            home=home,
            user=user,
            group=group,
            tls=server.tls,
            starttls=server.starttls,
            certificate=home / "certificate",
            key=home / "key",
        )
    )
    if os.geteuid() == 0:
        for each in (home, *home.rglob("*")):
            shutil.chown(each, user, group)
        shutil.chown(config, "root", "root")
    config.chmod(0o644)
    with (home / "out").open("wb") as out:
        process = subprocess.Popen([EXIM, "-C", config, "-bdf"], stdout=out, stderr=out)
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", server.starttls)) == 0:
                break
        if process.poll() is not None:
            pytest.fail((home / "out").read_text())
        time.sleep(0.01)
    yield server
    process.terminate()
    process.wait(10)


@pytest.fixture
def make_smtp(
    exim: MailServer, certificates: Certificates, tmp_path: Path
) -> Iterator[Callable[..., Smtp]]:
    """`make_smtp(security=..., ...)`: our side."""
    exim.forget()
    made: list[Smtp] = []

    def make(security: Literal["tls", "starttls"] = "tls", **changed: Any) -> Smtp:
        (tmp_path / "password").write_text(changed.pop("password", "right") + "\n")
        values = {
            "host": "localhost",
            "port": exim.tls if security == "tls" else exim.starttls,
            "security": security,
            "ca": certificates.ca,
            "username": "hub",
            "password_file": tmp_path / "password",
            "from": "kagi@town.example.jp",
            "sender_name": "鍵守町 施設予約",
            "reply_to": "desk@town.example.jp",
            "timeout_s": 5,
        } | changed
        made.append(Smtp(MailSettings.model_validate(values), "doors.test"))
        return made[-1]

    yield make
    for each in made:
        each.close()


_PERL = r"""
use Email::MIME; use JSON::PP; binmode STDOUT, ":raw"; local $/; my $raw = <STDIN>;
my $m = Email::MIME->new($raw); my @parts;
$m->walk_parts(sub { my ($p) = @_; return if $p->subparts;
  push @parts, { type => $p->content_type, disposition => $p->header("Content-Disposition") // "",
    body => ($p->content_type =~ m{^text/(plain|html)}) ? $p->body_str : $p->body }; });
my %h = map { lc($_) => $m->header_str($_) } $m->header_names;
print JSON::PP->new->utf8->canonical->encode({ headers => \%h, parts => \@parts,
  type => $m->content_type, seven_bit => ($raw =~ /[^\x00-\x7f]/) ? 0 : 1 });
"""


def parsed(raw: bytes) -> dict[str, Any]:
    """What Perl's Email::MIME makes of a message: a reader of mail that shares no line with the
    writer."""
    done = subprocess.run(["perl", "-e", _PERL], input=raw, capture_output=True, timeout=20)
    if done.returncode:
        pytest.fail(f"Email::MIME: {done.stderr.decode()}: run deploy/dev/system-packages.sh")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_message_arrives_whole_at_a_real_server_over_tls(
    exim: MailServer, make_smtp: Callable[..., Smtp], security: str
) -> None:
    message = outgoing()
    assert make_smtp(security).send(message).outcome is Outcome.SENT
    (path,) = exim.received()
    raw = path.read_bytes()
    mail = parsed(raw)
    head = mail["headers"]
    assert head["subject"] == message.said.subject
    assert head["from"].replace('"', "") == "鍵守町 施設予約 <kagi@town.example.jp>"
    assert head["to"] == "hanako@example.jp"
    assert head["reply-to"] == "desk@town.example.jp"
    assert head["message-id"] == f"<{ROW}@doors.test>"
    assert head["date"] == "Mon, 06 Apr 2026 09:00:00 +0000"
    assert head["auto-submitted"] == "auto-generated"
    assert head["list-unsubscribe"] == f"<{STOP}>"
    assert head["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert mail["seven_bit"] == 1
    assert max(len(line) for line in raw.split(b"\n")) <= 998
    plain, html, entry = mail["parts"]
    assert "山田 花子 様" in plain["body"]
    assert "48 27 16" in plain["body"]
    assert STOP in plain["body"]
    assert "&lt;b&gt;&amp;amp;" in html["body"]
    assert b"esmtpsa" in raw  # Exim's word: over TLS, and logged in
    calendar = Calendar.from_ical(entry["body"].encode("latin-1"))
    assert calendar["METHOD"] == "PUBLISH"
    assert "method=" in entry["type"].lower()
    assert "PUBLISH" in entry["type"]
    (event,) = calendar.walk("VEVENT")
    assert (event["UID"], event["SEQUENCE"]) == ("b@doors.test", 3)
    assert event["SUMMARY"] == HALL
    assert event["LOCATION"] == "札幌市\n北区"
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (NOW, NOW + timedelta(hours=2))
    assert b"48" not in entry["body"].encode("latin-1").replace(b"-", b"")


def test_several_messages_go_through_one_connection(
    exim: MailServer, make_smtp: Callable[..., Smtp]
) -> None:
    smtp = make_smtp()
    answers = [
        smtp.send(outgoing(to=f"{name}@example.jp")) for name in ("a", "nobody", "later", "b")
    ]
    assert [(each.outcome, each.code) for each in answers] == [
        (Outcome.SENT, "250"),
        (Outcome.REFUSED, "550"),
        (Outcome.DEFERRED, "451"),
        (Outcome.SENT, "250"),
    ]


def test_a_wrong_password_is_the_towns_trouble_not_the_residents(
    make_smtp: Callable[..., Smtp],
) -> None:
    answer = make_smtp(password="wrong").send(outgoing())
    assert answer.outcome is Outcome.DOWN
    assert "535" in answer.code


def test_a_certificate_of_an_unknown_authority_is_not_believed(
    exim: MailServer, make_smtp: Callable[..., Smtp]
) -> None:
    for security in ("tls", "starttls"):
        answer = make_smtp(security, ca=None).send(outgoing())
        assert (answer.outcome, answer.code) == (Outcome.DOWN, "SSLCertVerificationError")
    answer = make_smtp(host="127.0.0.1").send(outgoing())  # a name the certificate has
    assert answer.outcome is Outcome.SENT


# --- faults --------------------------------------------------------------------------------------


class Faulty:
    """Answers as it is told to, and can hang up in the middle."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.got: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.got.append(envelope.content)
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer == "drop":
            server.transport.abort()
            return "421 gone"
        return answer


@pytest.fixture
def faulty() -> Iterator[Callable[..., tuple[Smtp, Faulty]]]:
    """`faulty("451 later", "drop", ...)`: a server without TLS on loopback, and our side."""
    running: list[Controller] = []

    def start(*answers: str, security: str = "none") -> tuple[Smtp, Faulty]:
        handler = Faulty(*answers)
        controller = Controller(handler, hostname="127.0.0.1", port=free_port())
        controller.start()
        running.append(controller)
        settings = MailSettings.model_validate(
            {
                "host": "127.0.0.1",
                "port": controller.port,
                "security": security,
                "from": "kagi@town.example.jp",
                "timeout_s": 5,
            }
        )
        return Smtp(settings, "doors.test"), handler

    yield start
    for each in running:
        each.stop()


def test_what_a_server_answers_decides_whether_it_is_tried_again(
    faulty: Callable[..., tuple[Smtp, Faulty]],
) -> None:
    smtp, _ = faulty("451 later", "554 no", "drop", "250 OK")
    answers = [smtp.send(outgoing()) for _ in range(4)]
    assert [each.outcome for each in answers] == [
        Outcome.DEFERRED,
        Outcome.REFUSED,
        Outcome.DEFERRED,
        Outcome.SENT,
    ]


def test_one_sent_again_after_a_broken_connection_is_the_same_message(
    faulty: Callable[..., tuple[Smtp, Faulty]],
) -> None:
    smtp, server = faulty("drop")
    assert smtp.send(outgoing()).outcome is Outcome.DEFERRED
    assert smtp.send(outgoing()).outcome is Outcome.SENT
    ids = [line for got in server.got for line in got.splitlines() if b"Message-ID" in line]
    assert ids == [f"Message-ID: <{ROW}@doors.test>".encode()] * 2


def test_without_starttls_nothing_leaves_in_plain_text(
    faulty: Callable[..., tuple[Smtp, Faulty]],
) -> None:
    smtp, server = faulty(security="starttls")
    answer = smtp.send(outgoing())
    assert (answer.outcome, answer.code) == (Outcome.DOWN, "SMTPNotSupportedError")
    assert server.got == []


def test_a_server_that_is_not_there_is_down() -> None:
    settings = MailSettings.model_validate(
        {"host": "127.0.0.1", "port": free_port(), "security": "none", "from": "a@b.jp"}
    )
    assert Smtp(settings, "doors.test").send(outgoing()).outcome is Outcome.DOWN


@pytest.mark.parametrize(
    "evil",
    ["x\r\nBcc: all@example.jp", "x\nX: y", "x\r\n\r\nbody", "\x00\x07x", "x\u2028Bcc: a@b.jp"],
)
def test_no_text_gets_into_the_headers(evil: str) -> None:
    said = replace(outgoing().said, subject=evil)
    settings = MailSettings.model_validate(
        {"host": "localhost", "security": "none", "from": "a@b.jp", "sender_name": evil}
    )
    mail: EmailMessage = mail_of(outgoing(said=said), settings, "doors.test")
    names = {name.lower() for name in parsed(mail.as_bytes())["headers"]}
    assert names == {
        *("from", "to", "subject", "date", "message-id", "auto-submitted", "content-language"),
        *("list-unsubscribe", "list-unsubscribe-post", "mime-version", "content-type"),
    }


def test_plain_text_is_for_this_machine_alone() -> None:
    with pytest.raises(ValueError, match="security"):
        MailSettings.model_validate(
            {"host": "mail.example.jp", "security": "none", "from": "a@b.jp"}
        )
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED


# --- the whole way -------------------------------------------------------------------------------


def test_a_booking_reaches_a_mailbox_by_the_jobs_that_the_hub_runs(
    desk: Any, exim: MailServer, certificates: Certificates, tmp_path: Path
) -> None:
    """Put, planned, claimed, sent over TLS, delivered: with nothing of the tests in between."""
    exim.forget()
    (tmp_path / "password").write_text("right\n")
    core = desk.hub.core
    mail = {
        "host": "localhost",
        "port": exim.starttls,
        "security": "starttls",
        "ca": certificates.ca,
        "username": "hub",
        "password_file": tmp_path / "password",
        "from": "kagi@town.example.jp",
    }
    changed = core.settings.model_copy(update={"mail": MailSettings.model_validate(mail)})
    jobs = notice_jobs(replace(core, settings=changed), desk.hub.services, CollectorRegistry())
    desk.put(start_h=6)
    desk.place()
    for _ in range(2):
        for job in jobs:
            job.run()
        desk.clock.advance(timedelta(seconds=61))
    (path,) = exim.received()
    mail_got = parsed(path.read_bytes())
    grouped = " ".join(desk.digits()[i : i + 2] for i in (0, 2, 4))
    assert f"\n{grouped}\n" in mail_got["parts"][0]["body"].replace("\r", "")
    assert grouped not in mail_got["headers"]["subject"]
    assert grouped.replace(" ", "") not in mail_got["parts"][2]["body"]
    assert Language.JA.html == mail_got["headers"]["content-language"]
