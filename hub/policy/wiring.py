"""Builds the policy's services and its worker: for `hub.bootstrap`."""

from __future__ import annotations

from collections.abc import Sequence

from hub.policy.compiler import Compiler
from hub.policy.desk import PolicyCounter
from hub.policy.exchange import PolicyExchange
from hub.policy.outlet import Outlet
from hub.policy.sweep import Sweep
from hub.policy.worker import Chore, PolicyWorker
from hub.web.core import Core, Services


def add_policy(core: Core, services: Services) -> None:
    """Add `Outlet`, to which the link is attached, and `PolicyCounter`, which the link asks."""
    outlet = services.add(Outlet())
    services.add(PolicyCounter(core.db, PolicyExchange(core.clock, core.ids), outlet))


def policy_worker(core: Core, services: Services, chores: Sequence[Chore] = ()) -> PolicyWorker:
    """Give the worker that compiles marks and does what time demands, `chores` among it."""
    return PolicyWorker(
        core.db,
        Compiler(core.clock, core.keys),
        services.get(PolicyCounter),
        [Sweep(core.clock, core.keys), *chores],
    )
