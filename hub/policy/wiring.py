"""Builds the policy's services and its worker: for `hub.bootstrap`."""

from __future__ import annotations

from collections.abc import Sequence

from hub.policy.comparison import PolicyComparisons
from hub.policy.compiler import Compiler
from hub.policy.connections import Connections
from hub.policy.desk import PolicyCounter
from hub.policy.exchange import PolicyExchange
from hub.policy.outlet import Outbox, OutboxWorker, Outlet
from hub.policy.sweep import Sweep
from hub.policy.worker import Chore, PolicyWorker
from hub.web.core import Core, Services


def add_policy(core: Core, services: Services) -> None:
    """Add `Outlet`, to which the link is attached, `PolicyCounter`, which the link asks, and
    `PolicyComparisons` for people."""
    # Only PostgreSQL serves several processes; on SQLite this one has the link or nobody has.
    outbox = Outbox(core.db, core.clock) if core.db.dialect == "postgresql" else None
    outlet = services.add(Outlet(outbox))
    services.add(PolicyCounter(core.db, PolicyExchange(core.clock, core.ids), outlet))
    services.add(PolicyComparisons(core.db, Connections(outlet)))


def policy_worker(
    core: Core,
    services: Services,
    chores: Sequence[Chore] = (),
    prompt: Sequence[Chore] = (),
) -> PolicyWorker:
    """Give the worker that compiles marks and does what time demands, `chores` among it; `prompt`
    are those that somebody waits for."""
    return PolicyWorker(
        core.db,
        Compiler(core.clock, core.keys),
        services.get(PolicyCounter),
        [Sweep(core.clock, core.keys), *chores],
        prompt,
    )


def outbox_worker(core: Core, services: Services) -> OutboxWorker:
    """Give the worker that sends what processes without a link leave to this one."""
    return OutboxWorker(Outbox(core.db, core.clock), services.get(Outlet))
