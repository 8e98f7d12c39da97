"""The policy's entries as the hub sent them, with their hashes, in the journal's file."""

from __future__ import annotations

from edge.journal.faults import CORRUPT, named_faults
from edge.journal.file import JournalFile
from edge.journal.rows import crc_of
from edge.ports import JournalError, PolicyChange, StoredPolicy
from wire.policy import EntryKey, PolicyDigest, decode_entry, entry_hash


class SqlitePolicyStore:
    """Fulfils `edge.ports.PolicyStore`, and `edge.uplink.reader.PolicyReader` for the session."""

    def __init__(self, file: JournalFile) -> None:
        self._file = file
        self._digest: PolicyDigest | None = None

    def load(self) -> StoredPolicy:
        """Everything that is held, in the order of kind and id.

        An entry that is no longer what the hub sent is dropped, and the version with it: the doors
        go on with the others, and the hub sends everything anew.
        """
        with named_faults():
            rows = self._file.db.execute(
                "SELECT kind, id, hash, body FROM entries ORDER BY kind, id"
            ).fetchall()
        damaged = [
            row[:2] for row in rows if not isinstance(row[3], bytes) or entry_hash(row[3]) != row[2]
        ]
        hub_epoch, version = self.numbers()
        if damaged:
            version = 0
            with named_faults(), self._file.db.atomic() as db:
                db.conn.executemany("DELETE FROM entries WHERE kind = ? AND id = ?", damaged)
                self._write_numbers(hub_epoch, version)
            self._digest = None
        bodies = tuple(row[3] for row in rows if row[:2] not in damaged)
        return StoredPolicy(hub_epoch, version, bodies)

    def _write_numbers(self, hub_epoch: int, version: int) -> None:
        self._file.db.execute(
            "UPDATE policy SET hub_epoch = ?, version = ?, crc = ?",
            (hub_epoch, version, crc_of(hub_epoch, version)),
        )

    def apply(self, change: PolicyChange) -> None:
        """Make a delta or a snapshot the policy held, in one transaction."""
        after = self._after(change)
        puts = [(*decode_entry(body).key, entry_hash(body), body) for body in change.put]
        with named_faults(), self._file.db.atomic() as db:
            if change.snapshot:
                db.execute("DELETE FROM entries")
            db.conn.executemany("DELETE FROM entries WHERE kind = ? AND id = ?", change.drop)
            db.conn.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", puts)
            self._write_numbers(change.hub_epoch, change.version)
        self._digest = after

    def numbers(self) -> tuple[int, int]:
        """The (hub_epoch, version) held; 0, 0 when fresh or unreadable."""
        with named_faults():
            row = self._file.db.execute("SELECT crc, hub_epoch, version FROM policy").fetchone()
        if row is None or crc_of(*row[1:]) != row[0]:
            return 0, 0
        return int(row[1]), int(row[2])

    def hash_of(self, key: EntryKey) -> bytes | None:
        """The hash of a held entry, None if it is not held."""
        with named_faults():
            row = self._file.db.execute(
                "SELECT hash FROM entries WHERE kind = ? AND id = ?", key
            ).fetchone()
        return None if row is None else _hash(row[0])

    def digest_after(self, change: PolicyChange) -> str:
        """What the digest over everything held would be after a change, rejected entries included.

        Costs O(change) but for the first time. Raises `WireError` for an entry that is none.
        """
        return self._after(change).hex

    def _after(self, change: PolicyChange) -> PolicyDigest:
        new = {decode_entry(body).key: entry_hash(body) for body in change.put}
        if change.snapshot:
            return PolicyDigest(new.values())
        digest = self._held().copy()
        for key in {*new, *change.drop}:
            old = self.hash_of(key)
            if old is not None:
                digest.remove(old)
        for item in new.values():
            digest.add(item)
        return digest

    def _held(self) -> PolicyDigest:
        if self._digest is None:
            with named_faults():
                rows = self._file.db.execute("SELECT hash FROM entries").fetchall()
            self._digest = PolicyDigest(_hash(row[0]) for row in rows)
        return self._digest


def _hash(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise JournalError(CORRUPT)
    return value
