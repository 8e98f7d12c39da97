"""Imports in two steps: a file is tried, waits sealed, and is done by whoever confirms it.

A topic makes one `StagedFiles`, named by its purpose. It takes an upload (`take`), plans what it
would do, keeps the file with a digest of all that it showed (`hub.tabular.digests`, `keep`), and at
the confirmation gets it back (`waiting`), checks that it would still do the same (`same_plan`), and
forgets it (`forget`) in the transaction that does it. What nobody confirms one chore forgets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from hub.clock import Clock
from hub.database.scope import Scope
from hub.keys import HubKeys
from hub.tabular import staged_repository as repository
from hub.tabular.encodings import UnreadableFileError
from hub.tabular.staged_repository import Kept, staged_row
from hub.web.problems import NOT_FOUND, TOO_LARGE, Problem, ProblemKind

_NAME_MAX: Final = 200
_NOT_KEPT: Final = "that file is not kept any more: send it again"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent: its name for people, and its bytes."""

    name: str
    data: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """The hash of its bytes, hexadecimal."""
        return sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that waits, opened, and the digest of what was shown of it."""

    upload: Upload
    plan_digest: str


class StagedFiles:
    """The files of one purpose between their trial run and the real one."""

    def __init__(
        self, keys: HubKeys, clock: Clock, purpose: str, *, max_bytes: int, life_minutes: int
    ) -> None:
        self._keys, self._clock, self._purpose = keys, clock, purpose
        self._max_bytes, self._life = max_bytes, timedelta(minutes=life_minutes)

    def take(self, name: str | None, data: bytes, nameless: str = "upload.csv") -> Upload:
        """Give an upload with a name fit for people (`nameless` where it has none); raise
        `413 too_large`."""
        if len(data) > self._max_bytes:
            raise Problem(TOO_LARGE, f"at most {self._max_bytes} bytes")
        return Upload(shown_name(name, nameless), data)

    def keep(
        self, scope: Scope, owner_id: str, key: str, upload: Upload, plan_digest: str = ""
    ) -> datetime:
        """Seal a file that was tried, for so long as the topic lets it wait; give until when."""
        until = self._clock.now() + self._life
        sealed = self._keys.seal(upload.data, staged_row(self._purpose, owner_id, key))
        name, digest = upload.name, upload.sha256
        repository.write(
            scope, Kept(self._purpose, owner_id, key, name, digest, plan_digest, sealed, until)
        )
        return until

    def find(self, scope: Scope, owner_id: str, key: str) -> Waiting | None:
        """Give a file that waits; None once it is done or its time is over."""
        kept = repository.read(scope, self._purpose, owner_id, key, self._clock.now())
        if kept is None:
            return None
        data = self._keys.unseal(kept.data, staged_row(self._purpose, owner_id, key))
        return Waiting(Upload(kept.file_name, data), kept.plan_digest)

    def waiting(self, scope: Scope, owner_id: str, key: str) -> Waiting:
        """Give a file that waits; raise `404 not_found` once it is done or its time is over."""
        found = self.find(scope, owner_id, key)
        if found is None:
            raise Problem(NOT_FOUND, _NOT_KEPT)
        return found

    def forget(self, scope: Scope, owner_id: str, key: str | None = None) -> None:
        """Delete a file that was done, or all of an owner that is no more."""
        repository.drop(scope, self._purpose, owner_id, key)


class ForgetStagedFiles:
    """A chore: deletes files that were tried and never confirmed. They hold personal data and would
    wait for ever."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def is_due(self, scope: Scope) -> bool:
        """Tell whether a file's time is over."""
        return repository.has_expired(scope, self._clock.now())

    def run(self, scope: Scope) -> None:
        """Delete."""
        repository.forget_expired(scope, self._clock.now())


def shown_name(given: str | None, nameless: str = "upload.csv") -> str:
    """Give a file's name for people: without folders and signs that are none, at most 200
    characters. One written in another encoding than the system's, as Windows in Japan does, holds
    halves of characters that no database takes."""
    whole = (given or "").encode("utf-8", "replace").decode()
    name = whole.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in name if c.isprintable())[:_NAME_MAX] or nameless


def same_plan(shown: str, found: str, kind: ProblemKind) -> None:
    """Refuse, as `kind`, a file that would by now do something else than was shown."""
    if shown != found:
        raise Problem(kind, "it would do something else now: try the file again")


def unreadable(kind: ProblemKind, error: UnreadableFileError) -> Problem:
    """Give a file's problem, with the place to look at: `cause`, and `row` and `column` from 1."""
    extra: dict[str, object] = {"cause": error.code, "row": error.row, "column": error.column}
    return Problem(kind, str(error), extra=extra)
