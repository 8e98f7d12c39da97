"""/healthz, /readyz and /metrics: for whoever watches the hub."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import BaseModel, Field

from hub.web.addresses import AddressKind, address_kind
from hub.web.core import Probe, core_of
from hub.web.identity import RightNeeded, identify, public
from hub.web.rights import Principal, Right

router = APIRouter(tags=["health"])
_METRICS = (
    "# TYPE kagimori_http_requests_total counter\n"
    'kagimori_http_requests_total{method="GET",route="/healthz",status="200"} 12.0\n'
)


class Health(BaseModel):
    """This process answers."""

    ok: bool = True


class HubReadiness(BaseModel):
    """Whether everything the hub needs is there."""

    ready: bool
    checks: dict[str, bool] = Field(
        description="Each part, and whether it is there.",
        examples=[{"database": True, "schema": True, "keys": True, "broker": True}],
    )


@router.get("/healthz", dependencies=[public()], summary="Is the process alive?")
def healthz() -> Health:
    """Always ok while the process answers; asks nothing of others."""
    return Health()


@router.get(
    "/readyz",
    dependencies=[public()],
    summary="Is everything there?",
    responses={503: {"model": HubReadiness, "description": "Something is missing."}},
    response_model=HubReadiness,
)
def readyz(request: Request) -> JSONResponse:
    """Database reachable and at this version's level, broker connected, key files readable."""
    probes: tuple[Probe, ...] = request.app.state.probes
    checks = {probe.name: probe.ready() for probe in probes}
    found = HubReadiness(ready=all(checks.values()), checks=checks)
    return JSONResponse(found.model_dump(), status_code=200 if found.ready else 503)


class LoopbackOr(RightNeeded):
    """Lets this machine's own Prometheus pass; anybody else needs the right."""

    __slots__ = ()

    async def __call__(self, request: Request) -> Principal | None:  # type: ignore[override]  # local callers may be nobody
        """Give the principal where there is one."""
        host = request.client.host if request.client else None
        # Behind a proxy on this machine everybody seems to come from here.
        direct = core_of(request).settings.listen.trusted_proxy is None
        if direct and address_kind(host) is AddressKind.LOCAL:
            return await identify(request)
        return await RightNeeded.__call__(self, request)


@router.get(
    "/metrics",
    dependencies=[Depends(LoopbackOr(Right.METRICS_READ))],
    summary="Prometheus metrics",
    response_class=PlainTextResponse,
    responses={
        200: {
            "content": {"text/plain": {"schema": {"type": "string", "examples": [_METRICS]}}},
            "description": "The metrics.",
        }
    },
)
def metrics(request: Request) -> Response:
    """Counters and histograms in the Prometheus text format. Open to this machine itself."""
    registry: CollectorRegistry = request.app.state.registry
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
