"""A message is taken apart without losing a neighbour of what is wrong in it."""

from __future__ import annotations

import hashlib
import json

import pytest


def test_rows_have_their_seqs_bytes_and_hashes(rows_of, make_event):
    read = rows_of(5, make_event(1), make_event(2))
    assert [(row.seq, row.last_seq, row.body) for row in read.rows] == [
        (5, 5, make_event(1)),
        (6, 6, make_event(2)),
    ]
    assert read.rows[0].body_hash == hashlib.sha256(make_event(1)).digest()


def test_a_gap_takes_as_many_seqs_as_it_says(rows_of, make_event, make_gap):
    read = rows_of(5, make_gap(5, 9), make_event(1))
    assert [(row.seq, row.last_seq) for row in read.rows] == [(5, 9), (10, 10)]
    assert read.malformed == 0


@pytest.mark.parametrize(
    "bad",
    [
        b"{}",
        b'"text"',
        b"[1]",
        b'{"gap":[9,9],"reason":"moved"}',
        b'{"gap":[6,9007199254740992],"reason":"endless"}',
        b'{"kind":"x","boot":"b","mono_ns":-1,"at":"now","clock":"trusted","body":{}}',
        b'"' + b"x" * 5_000 + b'"',
        b'{"kind":"x","boot":"\xff","mono_ns":1,"at":"2026-11-22T10:00:00Z","clock":"trusted"}',
    ],
)
def test_a_row_that_is_no_event_becomes_a_gap_with_its_reason(rows_of, make_event, bad):
    read = rows_of(5, make_event(1), bad, make_event(2))
    assert read.malformed == 1
    assert json.loads(read.rows[1].body) == {"gap": [6, 6], "reason": "malformed"}
    assert [row.body for row in (read.rows[0], read.rows[2])] == [make_event(1), make_event(2)]


def test_an_unknown_kind_is_kept_for_the_projection_to_name(rows_of, make_event):
    later = make_event(1).replace(b"door_opened", b"door_danced")
    read = rows_of(1, later)
    assert (read.malformed, read.rows[0].body) == (0, later)
