"""What every service and route may stand on, and how a route gets its service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from fastapi import Depends, Request

from hub.clock import Clock, Ids
from hub.database.engine import Database
from hub.keys import HubKeys

if TYPE_CHECKING:
    from hub.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Core:
    """The few things that services are made from. Take only those you need."""

    settings: Settings
    db: Database
    clock: Clock
    ids: Ids
    keys: HubKeys


class Worker(Protocol):
    """Something that runs beside the requests. Both calls return soon; stop waits for its end."""

    def start(self) -> None:
        """Begin, in a thread of its own."""
        ...

    def stop(self) -> None:
        """Finish what is in hand and end."""
        ...


@dataclass(frozen=True, slots=True)
class Probe:
    """One question of `/readyz`: its name and whether all is well now."""

    name: str
    ready: Callable[[], bool]


class Services:
    """The services of one hub by their class, for the routes."""

    __slots__ = ("_by_type",)

    def __init__(self) -> None:
        self._by_type: dict[type, object] = {}

    def add(self, service: T) -> T:
        """Take a service in, under its class, and give it back."""
        if type(service) in self._by_type:
            raise ValueError(f"{type(service).__name__} is here already")
        self._by_type[type(service)] = service
        return service

    def get(self, kind: type[T]) -> T:
        """Give the service of a class; raise `LookupError` if the bootstrap built none."""
        try:
            return cast("T", self._by_type[kind])
        except KeyError:
            raise LookupError(f"hub.bootstrap builds no {kind.__name__}") from None


class ServiceOf:
    """The dependency behind `provided`; `kind` tells a test what a route asks for."""

    def __init__(self, kind: type) -> None:
        self.kind = kind

    def __call__(self, request: Request) -> Any:
        """Give the service of this hub."""
        services: Services = request.app.state.services
        return services.get(self.kind)


def provided(kind: type) -> Any:
    """A route's parameter default or annotation: `service: Annotated[X, provided(X)]`."""
    return Depends(ServiceOf(kind))


def core_of(request: Request) -> Core:
    """The hub's core, for the few routes and dependencies that need it."""
    core: Core = request.app.state.core
    return core
