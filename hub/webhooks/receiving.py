"""Takes what a source signed: verifies it, reads it, books. Once each, and in the order of stamps.

Nothing of a message is looked at before its signature is known to be genuine. Each id is taken
once: sent again it gets the first answer, and another body under it is refused. What was refused
was not taken: the same message is judged anew, for staff may have put right meanwhile what it
needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

import msgspec
from prometheus_client import Counter
from pydantic import ValidationError

from hub.bookings import repository as bookings
from hub.bookings.records import Booking
from hub.bookings.refusals import Refusal, refused
from hub.bookings.schemas import BookingIn
from hub.bookings.service import BookingsService, named_refusals
from hub.bookings.tables import BookingSource, BookingState
from hub.database.scope import Scope
from hub.web.core import Core
from hub.web.problems import (
    TOO_LARGE,
    TOO_MANY_TRIES,
    UNAVAILABLE,
    FieldProblem,
    Problem,
    ProblemKind,
)
from hub.webhooks import source_repository as repository
from hub.webhooks.mapping import Action, Asked, Misfit, MisfitError, read
from hub.webhooks.secrets import holding
from hub.webhooks.signatures import SignatureError, Signed, verify
from hub.webhooks.source_domain import (
    OTHER_KIND,
    RATE_SPAN,
    STALE,
    UNKNOWN_BOOKING,
    About,
    Received,
    ReceivedResult,
    Source,
    SourceState,
)

BAD_SIGNATURE: Final = ProblemKind("webhook_signature", HTTPStatus.UNAUTHORIZED)
ID_REUSED: Final = ProblemKind("webhook_id_reused", HTTPStatus.CONFLICT)
NOT_UNDERSTOOD: Final = ProblemKind("webhook_not_understood", HTTPStatus.UNPROCESSABLE_ENTITY)
_UNKNOWN: Final = ProblemKind(Refusal.BOOKING_UNKNOWN.value, HTTPStatus.UNPROCESSABLE_ENTITY)
_PAUSED_S: Final = 600
_received = Counter("kagimori_webhooks_received_total", "Messages that came in", ["result"])


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What becomes of a message."""

    result: ReceivedResult
    key: str | None = None
    booking_id: str | None = None
    code: str = ""
    field: str = ""
    problem: Problem | None = None


class ReceivingService:
    """Takes messages of sources."""

    def __init__(self, core: Core, bookings_service: BookingsService) -> None:
        self._core = core
        self._bookings = bookings_service
        self._settings = core.settings.webhooks

    def receive(self, source_id: str, headers: Mapping[str, str], body: bytes) -> Received:
        """Take a message; give what became of it, or raise the problem to answer with."""
        if len(body) > self._settings.receive_max_bytes:
            raise Problem(TOO_LARGE, f"at most {self._settings.receive_max_bytes} bytes")
        source, signed = self._genuine(source_id, headers, body)
        if source.state is SourceState.PAUSED:
            later = {"Retry-After": str(_PAUSED_S)}
            raise Problem(UNAVAILABLE, "this source is paused", headers=later)
        kept, problem = self._core.db.write(lambda scope: self._take(scope, source, signed, body))
        _received.labels(kept.result.value).inc()
        if problem is not None:
            raise problem
        return kept

    def _genuine(
        self, source_id: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[Source, Signed]:
        """Verify before anything else; who it is not gets no hint why."""
        now = self._core.clock.now()
        with self._core.db.read() as scope:
            source = repository.source(scope, source_id)
        try:
            if source is None:
                raise SignatureError("no such source")
            return source, verify(holding(self._core.keys, source, now), headers, body, now)
        except SignatureError as error:
            _received.labels("bad_signature").inc()
            raise Problem(BAD_SIGNATURE) from error

    def _take(
        self, scope: Scope, source: Source, signed: Signed, body: bytes
    ) -> tuple[Received, Problem | None]:
        scope.lock(f"webhook_source:{source.id}")
        now = self._core.clock.now()
        digest = hashlib.sha256(body).hexdigest()
        before = repository.by_message(scope, source.id, signed.id)
        if before is not None and before.body_hash != digest:
            raise Problem(ID_REUSED, "this webhook-id came with another body")
        if before is not None and before.result is not ReceivedResult.REFUSED:
            again = replace(before, times=before.times + 1)
            repository.keep_received(scope, again, new=False)
            return again, None
        since = now - RATE_SPAN
        if repository.count_since(scope, source.id, since) >= self._settings.receive_a_minute:
            later = {"Retry-After": str(int(RATE_SPAN.total_seconds()))}
            raise Problem(TOO_MANY_TRIES, "too many messages of this source", headers=later)
        verdict = self._judge(scope, source, body)
        kept = Received(
            id=before.id if before else self._core.ids.new(),
            source_id=source.id,
            message_id=signed.id,
            body_hash=digest,
            received_at=now,
            result=verdict.result,
            reservation_key=verdict.key,
            booking_id=verdict.booking_id,
            code=verdict.code,
            field=verdict.field[:200],
            times=before.times + 1 if before else 1,
        )
        repository.keep_received(scope, kept, new=before is None)
        return kept, verdict.problem

    def _judge(self, scope: Scope, source: Source, body: bytes) -> _Verdict:
        key: str | None = None
        try:
            asked = read(source.profile, _document(body))
            key = asked.key or None
            with scope.savepoint(), named_refusals():
                return self._do(scope, source, asked)
        except MisfitError as error:
            field = FieldProblem(f"body.{error.field}", error.misfit.value, _SAID[error.misfit])
            problem = Problem(NOT_UNDERSTOOD, "", (field,))
            return _Verdict(
                ReceivedResult.REFUSED, error.key, None, error.misfit.value, error.field, problem
            )
        except Problem as problem:
            where = problem.fields[0].field if problem.fields else ""
            return _Verdict(ReceivedResult.REFUSED, key, None, problem.kind.code, where, problem)

    # --- what it asks for ------------------------------------------------------------------------

    def _do(self, scope: Scope, source: Source, asked: Asked) -> _Verdict:
        if asked.action is Action.IGNORE:
            return _Verdict(ReceivedResult.IGNORED, code=OTHER_KIND)
        about = About.PAID if asked.action is Action.PAY else About.BOOKING
        if not self._is_newest(scope, source, asked, about):
            return _Verdict(ReceivedResult.IGNORED, asked.key, code=STALE)
        before = bookings.by_key(scope, asked.key)
        match asked.action:
            case Action.CANCEL if before is None:
                verdict = _Verdict(ReceivedResult.IGNORED, asked.key, code=UNKNOWN_BOOKING)
            case Action.CANCEL:
                verdict = self._put(scope, source, asked, {"state": BookingState.CANCELLED})
            case Action.PAY if before is None:
                raise Problem(_UNKNOWN, "no such booking yet: send it again later")
            case _:
                verdict = self._put(scope, source, asked, self._wanted(scope, source, asked))
        self._remember(scope, source, asked, about)
        return verdict

    def _put(
        self, scope: Scope, source: Source, asked: Asked, fields: Mapping[str, Any]
    ) -> _Verdict:
        try:
            wish = BookingIn.model_validate(fields).wish()
        except ValidationError as error:
            raise _invalid(error) from error
        was = _told(scope, bookings.by_key(scope, asked.key))
        made, new = self._bookings.put_within(
            scope, source.principal, asked.key, wish, BookingSource.WEBHOOK
        )
        booking = made.booking
        result = ReceivedResult.CREATED if new else ReceivedResult.CHANGED
        if _told(scope, booking) == was:
            result = ReceivedResult.UNCHANGED
        elif asked.action is Action.CANCEL:
            result = ReceivedResult.CANCELLED
        return _Verdict(result, asked.key, booking.id)

    def _wanted(self, scope: Scope, source: Source, asked: Asked) -> dict[str, Any]:
        wanted = dict(asked.fields)
        paid_at = repository.stamp(scope, source.id, asked.key, About.PAID)
        newer = paid_at is not None and asked.stamp is not None and asked.stamp < paid_at
        if asked.action is Action.PUT and newer:
            wanted.pop("paid", None)  # a payment was told of since
        if asked.contact:
            wanted["contact"] = dict(asked.contact)  # what it leaves out stays as it is
        if asked.facility is not None:
            wanted["facility_id"] = self._facility(scope, source, asked.facility)
        return wanted

    @staticmethod
    def _facility(scope: Scope, source: Source, text: str) -> str:
        """A facility by its id, or by one of its names where only one has it."""
        found = [each for each in bookings.all_facilities(scope, source.sites) if each.active]
        exact = [each.id for each in found if each.id == text]
        named = [each.id for each in found if text in (each.name_ja, each.name_easy, each.name_en)]
        fitting = exact or named
        if len(fitting) != 1:
            raise refused(Refusal.FACILITY_UNKNOWN, "no facility, or several, by that name")
        return fitting[0]

    @staticmethod
    def _is_newest(scope: Scope, source: Source, asked: Asked, about: About) -> bool:
        newest = repository.stamp(scope, source.id, asked.key, about)
        return asked.stamp is None or newest is None or asked.stamp >= newest

    def _remember(self, scope: Scope, source: Source, asked: Asked, about: About) -> None:
        if asked.stamp is not None:
            now = self._core.clock.now()
            repository.set_stamp(scope, source.id, asked.key, about, asked.stamp, now)


_SAID: Final[dict[Misfit, str]] = {
    Misfit.MISSING: "it is missing where the profile looks for it",
    Misfit.WRONG_TYPE: "another type of value is needed",
    Misfit.UNKNOWN_VALUE: "the profile does not know this value",
    Misfit.NO_TIME: "a date with its time is needed, as in 2026-04-06T18:30:00+09:00",
    Misfit.NO_ZONE: "it has no offset, and the profile names no zone",
    Misfit.TOO_LONG: "it is too long",
    Misfit.BAD_TEXT: "it holds characters that cannot stand here",
}


def _document(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MisfitError(Misfit.WRONG_TYPE, "json") from error


def _told(scope: Scope, booking: Booking | None) -> object:
    """What a booking is, for telling whether it changed."""
    if booking is None:
        return None
    names = [(row.person_id, row.name) for row in bookings.holders(scope, booking.id)]
    return replace(booking, changed_at=booking.created_at), names


def _invalid(error: ValidationError) -> Problem:
    """Which fields do not fit a booking; what stood there is not repeated."""
    fields = tuple(
        FieldProblem(
            "body." + ".".join(str(part) for part in each["loc"]), each["type"], each["msg"]
        )
        for each in error.errors(include_input=False, include_url=False, include_context=False)
    )
    return Problem(NOT_UNDERSTOOD, "", fields)
