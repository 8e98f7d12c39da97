"""Whoever collects a key box's log, however often they are killed: the hub has each record once."""

from __future__ import annotations

import pytest

from hub.ingest.repository import raw_events_after, store
from tests.edge.keybox.conftest import Killed, Laptop, use
from tests.firmware_bridge.keybox.conftest import DEVICE, make_box, new_pair
from wire.events import decode_row


@pytest.mark.parametrize("step", [4, 7, 10, 12])
def test_two_agents_killed_in_their_visits_leave_every_record_once(
    db, clock, rows_of, other, tmp_path, step
):
    pair = new_pair(box=make_box())
    first, second = (Laptop(tmp_path / f"{name}.db", pair) for name in ("first", "second"))
    use(pair.box, 45)
    for laptop in (first, second):
        with pytest.raises(Killed):
            laptop.visit(kill_after=step)
        laptop.kill()
    use(pair.box, 5)
    for laptop in (second, first, second):
        laptop.visit()
    messages = [rows_of(1, *first.rows()), rows_of(1, *second.rows(), controller=other)]
    repeated = 0
    for message in [*messages, messages[0]]:
        outcome = db.write(lambda scope, one=message: store(scope, [one], clock.now()))
        repeated += outcome.repeated_origins
    with db.read() as scope:
        kept = [decode_row(row.data) for row in raw_events_after(scope, 0, 10_000)]
    origins = [one.origin for one in kept if one.origin is not None]
    assert sorted(one.index for one in origins) == list(range(pair.box.log.next))
    assert {(one.device, one.log_epoch) for one in origins} == {(DEVICE, 1)}
    assert repeated == len(first.indexes()) + len(second.indexes()) - pair.box.log.next > 0
    for laptop in (first, second):
        laptop.journal._file.db.conn.close()
