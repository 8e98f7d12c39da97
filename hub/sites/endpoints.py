"""/api/v1/sites, controllers, zones, doors, devices, readers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from hub.audit.row_routes import RowShapes, offer_rows
from hub.sites import device_schemas, schemas
from hub.sites.domain import SiteState
from hub.sites.kinds import CONTROLLER, DEVICE, DOOR, READER, SITE, ZONE
from hub.sites.repository import doors_of_zone
from hub.sites.secrets import DeviceSecrets
from hub.sites.spanning import SPANS_CONTROLLERS, spans
from hub.web import example_ids
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.problems import invalid
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["sites"])


_KINDS: tuple[RowShapes[Any], ...] = (
    RowShapes(
        SITE,
        "/sites",
        "a site",
        "sites",
        Right.SITES_READ,
        Right.SITES_WRITE,
        schemas.SiteIn,
        schemas.SiteChange,
        schemas.SiteOut,
    ),
    RowShapes(
        CONTROLLER,
        "/controllers",
        "a controller",
        "controllers",
        Right.SITES_READ,
        Right.SITES_WRITE,
        schemas.ControllerIn,
        schemas.ControllerChange,
        schemas.ControllerOut,
        filters=("site_id", "state"),
        defaults={"state": SiteState.ACTIVE},
    ),
    RowShapes(
        ZONE,
        "/zones",
        "a zone",
        "zones",
        Right.SITES_READ,
        Right.SITES_WRITE,
        schemas.ZoneIn,
        schemas.ZoneChange,
        schemas.ZoneOut,
        filters=("site_id",),
        defaults={"forgiven": 0, "forgiven_at": None},
        refuses=(SPANS_CONTROLLERS,),
        also=lambda scope, zone: {"spans": spans(doors_of_zone(scope, zone.id))},
    ),
    RowShapes(
        DOOR,
        "/doors",
        "a door",
        "doors",
        Right.SITES_READ,
        Right.SITES_WRITE,
        schemas.DoorIn,
        schemas.DoorChange,
        schemas.DoorOut,
        filters=("site_id", "controller_id", "state"),
        defaults={"state": SiteState.ACTIVE},
        refuses=(SPANS_CONTROLLERS,),
        prepare=schemas.door_columns,
    ),
    RowShapes(
        DEVICE,
        "/devices",
        "a device",
        "devices",
        Right.SITES_READ,
        Right.SITES_WRITE,
        device_schemas.DeviceIn,
        device_schemas.DeviceChange,
        device_schemas.DeviceOut,
        filters=("controller_id", "state"),
        defaults={"state": SiteState.ACTIVE, "secret": None, "sealed": None},
    ),
    RowShapes(
        READER,
        "/readers",
        "a reader",
        "readers",
        Right.SITES_READ,
        Right.SITES_WRITE,
        device_schemas.ReaderIn,
        device_schemas.ReaderChange,
        device_schemas.ReaderOut,
        filters=("device_id", "door_id", "state"),
        defaults={"state": SiteState.ACTIVE},
    ),
)
for _shapes in _KINDS:
    offer_rows(router, _shapes)


@router.put("/devices/{device_id}/secret", summary="Set a device's secret")
def set_device_secret(
    who: Annotated[Principal, requires(Right.SITES_WRITE)],
    secrets: Annotated[DeviceSecrets, provided(DeviceSecrets)],
    device_id: str,
    body: device_schemas.DeviceSecretIn,
) -> device_schemas.DeviceOut:
    """Kept sealed and sent to the device's controller alone, sealed to it; never given back."""
    if not 16 <= len(body.secret) <= 64:
        raise invalid("secret", "length", "16 to 64 bytes")
    return device_schemas.DeviceOut.model_validate(secrets.set_secret(who, device_id, body.secret))


@router.post("/devices/{device_id}/secret/draw", summary="Draw a new secret for a device")
def draw_device_secret(
    who: Annotated[Principal, requires(Right.SITES_WRITE)],
    secrets: Annotated[DeviceSecrets, provided(DeviceSecrets)],
    device_id: str,
) -> device_schemas.DeviceOut:
    """16 random bytes, sent to the device's controller alone, sealed to it; shown to nobody. A
    reader that is online under its former key is moved to it by its controller."""
    return device_schemas.DeviceOut.model_validate(secrets.draw_secret(who, device_id))


@router.post("/devices/{device_id}/provisioning", summary="Give the bench secret of a serial lock")
def provision_serial_lock(
    who: Annotated[Principal, requires(Right.SITES_WRITE)],
    secrets: Annotated[DeviceSecrets, provided(DeviceSecrets)],
    device_id: Annotated[str, Path(examples=[example_ids.LOCK])],
    response: Response,
    renew: Annotated[
        bool,
        Query(description="Draw another, for a lock that was erased: one that works is cut off."),
    ] = False,
) -> device_schemas.LockProvisioningOut:
    """Draws a maintenance secret and gives it this once: written into the lock at the bench by
    `kagimori-edge keybox provision`. Its controller gets the link key alone."""
    response.headers["Cache-Control"] = "no-store"
    made = secrets.provision(who, device_id, renew=renew)
    return device_schemas.LockProvisioningOut.of(device_id, made)
