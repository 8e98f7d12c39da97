"""What is known of each controller's times, kept while a batch is projected.

Spans are noted in memory and written with the batch, so that an event whose clock is trusted costs
nothing; anchors are written at once, in the order of the journal.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final, TypeAlias

from hub.database.scope import Scope
from hub.projection import repository
from hub.projection.clock import Anchor, BootSpan, KnownTime, Timeline
from hub.projection.domain import ProjectedEvent, anchor_of, as_anchor
from hub.projection.projector import Retiming

_Key: TypeAlias = tuple[str, int, str]
_LONGEST_NS: Final = 100 * 365 * 86_400 * 1_000_000_000
_WIDEST_MS: Final = 10**12
"""Readings beyond a century are forged, and no database could hold the widest of them."""


class Timelines:
    """The timelines of one batch, within its transaction."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._spans: dict[_Key, BootSpan] = {}
        self._unsaved: set[_Key] = set()
        self._anchored: set[tuple[str, str]] = set()
        self._ready: dict[str, Timeline] = {}

    def time_of(
        self, controller: str, boot: str, mono_ns: int, received_at: datetime
    ) -> KnownTime | None:
        """Give what is known of an untrusted time."""
        if mono_ns > _LONGEST_NS:
            return None
        return self._timeline(controller).time_of(boot, mono_ns, received_at)

    def begin(self, controller: str, epoch: int, seq: int, boot: str, mono_ns: int) -> None:
        """Note that an event of a boot stands in an epoch, before its time is asked."""
        if mono_ns > _LONGEST_NS:
            return
        key = (controller, epoch, boot)
        span = self._spans.get(key) or repository.boot_span(self._scope, *key)
        if span is None:
            span = BootSpan(epoch, boot, seq, mono_ns)
            self._changed(key, span)
            self._ready.pop(controller, None)
        elif mono_ns > span.last_mono_ns or seq < span.first_seq:
            first, last = min(seq, span.first_seq), max(mono_ns, span.last_mono_ns)
            self._changed(key, replace(span, first_seq=first, last_mono_ns=last))
        else:
            self._spans[key] = span

    def note(self, event: ProjectedEvent) -> Retiming | None:
        """Note what an event says of its controller's clock; give what is known better by it. Where
        a boot has no anchor, the first event whose clock was relied on is one."""
        if event.mono_ns > _LONGEST_NS or (event.error_ms or 0) > _WIDEST_MS:
            return None
        anchor = anchor_of(event)
        boot = (event.controller, event.boot)
        if anchor is None and boot not in self._anchored:
            near = repository.anchors_near(self._scope, *boot, event.mono_ns)
            anchor = None if near else as_anchor(event)
            if near:
                self._anchored.add(boot)
        if anchor is None:
            return None
        self._anchored.add(boot)
        repository.keep_anchor(self._scope, event.raw_id, anchor)
        self._ready.pop(event.controller, None)
        timeline = self._timeline(event.controller)
        boots = timeline.touched_by(event.boot)
        return Retiming(event.controller, anchor, boots, timeline.time_of)

    def save(self) -> None:
        """Write what was noted."""
        for key in sorted(self._unsaved):
            repository.keep_span(self._scope, key[0], self._spans[key])
        self._unsaved.clear()

    def _changed(self, key: _Key, span: BootSpan) -> None:
        self._spans[key] = span
        self._unsaved.add(key)

    def _timeline(self, controller: str) -> Timeline:
        ready = self._ready.get(controller)
        if ready is None:
            self.save()
            spans = repository.spans_of(self._scope, controller)
            near = partial(self._near, {}, controller)
            ready = self._ready[controller] = Timeline(spans, near)
        return ready

    def _near(
        self,
        seen: dict[tuple[str, int], tuple[Anchor, ...]],
        controller: str,
        boot: str,
        mono_ns: int,
    ) -> tuple[Anchor, ...]:
        found = seen.get((boot, mono_ns))
        if found is None:
            found = repository.anchors_near(self._scope, controller, boot, mono_ns)
            seen[boot, mono_ns] = found
        return found
