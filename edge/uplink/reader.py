"""What the session reads of the journal and of the policy store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from edge.ports import PolicyChange


class Row(Protocol):
    """A row to send: the seqs it takes, both included, and its bytes on the wire."""

    @property
    def first_seq(self) -> int:
        """Its first seq."""

    @property
    def last_seq(self) -> int:
        """Its last seq: the first, but for a gap."""

    @property
    def data(self) -> bytes:
        """One element of `events[]`."""


class RowReader(Protocol):
    """The journal as the session sees it. Methods raise `JournalError` alone."""

    @property
    def epoch(self) -> int:
        """The epoch the rows belong to."""

    @property
    def last_seq(self) -> int:
        """The newest seq, 0 when there is none."""

    @property
    def through_seq(self) -> int:
        """The hub's watermark as the journal keeps it."""

    @property
    def offered_seq(self) -> int:
        """The highest seq that may ever have been sent."""

    def offer(self, through_seq: int) -> None:
        """Note durably that rows through this seq may be sent from now on."""

    def withhold(self) -> None:
        """Note that nothing is sent for now."""

    def rows_from(self, seq: int, limit: int) -> Sequence[Row]:
        """Give up to `limit` rows from a seq on, without a hole."""

    def digest_of(self, after: int, through: int) -> str:
        """Give `wire.messages.hash_of_hashes` of the rows after a seq up to another; empty where
        whole rows do not fill just that span."""

    def former_places(self, seq: int) -> Sequence[tuple[int, int]]:
        """Give the (epoch, seq) at which a row stood before it was moved here, newest first."""


class PolicyReader(Protocol):
    """The policy store as the session sees it. Methods raise `JournalError`."""

    def numbers(self) -> tuple[int, int]:
        """The (hub_epoch, version) held; version 0 when fresh."""

    def digest_after(self, change: PolicyChange) -> str:
        """The digest over everything held after a change; raises `WireError` for a bad entry."""
