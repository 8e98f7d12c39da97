"""/api/v1/webhooks: endpoints, their secrets and their deliveries."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from hub.web.core import provided
from hub.web.identity import requires
from hub.web.paging import Cursor, Limit, PageOf
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right
from hub.webhooks.domain import DeliveryState
from hub.webhooks.schemas import (
    DeliveryOut,
    DeliveryWithPayloadOut,
    RecoveredOut,
    RecoverIn,
    RotateIn,
    WebhookChangeIn,
    WebhookIn,
    WebhookOut,
    WebhookWithSecretOut,
)
from hub.webhooks.service import WEBHOOK_OFF, WebhooksService

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])
Service = Annotated[WebhooksService, provided(WebhooksService)]
Reader = Annotated[Principal, requires(Right.WEBHOOKS_READ)]
Writer = Annotated[Principal, requires(Right.WEBHOOKS_WRITE)]
Id = Annotated[str, Path(max_length=80, pattern=r"^[0-9A-Za-z-]+$")]


@router.get("", summary="List webhooks")
def list_webhooks(who: Reader, service: Service) -> list[WebhookOut]:
    """Every endpoint that hears of nothing beyond the caller's sites."""
    return [WebhookOut.of(each) for each in service.listed(who)]


@router.post("", status_code=HTTPStatus.CREATED, summary="Add a webhook")
def add_webhook(
    who: Writer, service: Service, given: WebhookIn, response: Response
) -> WebhookWithSecretOut:
    """The secret in the answer is shown this once. What happens from now on is delivered."""
    response.headers["Cache-Control"] = "no-store"
    return WebhookWithSecretOut.showing(service.create(who, given.wish()))


@router.get("/{webhook_id}", summary="Read a webhook")
def read_webhook(who: Reader, service: Service, webhook_id: Id) -> WebhookOut:
    """One endpoint, and how many messages wait or were given up."""
    return WebhookOut.of(service.get(who, webhook_id))


@router.patch("/{webhook_id}", summary="Change, pause or resume a webhook")
def change_webhook(
    who: Writer, service: Service, webhook_id: Id, given: WebhookChangeIn
) -> WebhookOut:
    """What is left out stays. Paused: messages wait. Disabled: what waits is given up."""
    return WebhookOut.of(service.change(who, webhook_id, given.wanted()))


@router.delete("/{webhook_id}", status_code=HTTPStatus.NO_CONTENT, summary="Remove a webhook")
def remove_webhook(who: Writer, service: Service, webhook_id: Id) -> None:
    """With its deliveries and their log."""
    service.delete(who, webhook_id)


@router.post("/{webhook_id}/rotate", summary="Give a webhook another secret")
def rotate_secret(
    who: Writer, service: Service, webhook_id: Id, given: RotateIn, response: Response
) -> WebhookWithSecretOut:
    """For `grace_h` hours every message carries a signature by each of both secrets."""
    response.headers["Cache-Control"] = "no-store"
    grace = timedelta(hours=given.grace_h)
    return WebhookWithSecretOut.showing(service.rotate(who, webhook_id, grace))


@router.post(
    "/{webhook_id}/test",
    status_code=HTTPStatus.ACCEPTED,
    summary="Try a webhook",
    responses=refuses(WEBHOOK_OFF),
)
def test_webhook(who: Writer, service: Service, webhook_id: Id) -> DeliveryOut:
    """Sends a message of the type `webhook.test` soon: its delivery says what came of it."""
    return DeliveryOut.of(service.test(who, webhook_id))


@router.post(
    "/{webhook_id}/recover",
    status_code=HTTPStatus.ACCEPTED,
    summary="Send failed messages again",
    responses=refuses(WEBHOOK_OFF),
)
def recover(who: Writer, service: Service, webhook_id: Id, given: RecoverIn) -> RecoveredOut:
    """Everything that was given up and was made since an instant, with the same ids."""
    return RecoveredOut(count=service.recover(who, webhook_id, given.since))


@router.get("/{webhook_id}/deliveries", summary="List deliveries")
def list_deliveries(
    who: Reader,
    service: Service,
    webhook_id: Id,
    state: Annotated[DeliveryState | None, Query(description="Only these.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[DeliveryOut]:
    """The newest message first, each with its attempts."""
    page = service.deliveries(who, webhook_id, state, cursor, limit)
    return PageOf(items=[DeliveryOut.of(each) for each in page.items], next_cursor=page.next_cursor)


@router.get("/{webhook_id}/deliveries/{delivery_id}", summary="Read a delivery")
def read_delivery(
    who: Reader, service: Service, webhook_id: Id, delivery_id: Id
) -> DeliveryWithPayloadOut:
    """With the body as it was, or is to be, sent."""
    return DeliveryWithPayloadOut.showing(service.delivery(who, webhook_id, delivery_id))


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/resend",
    status_code=HTTPStatus.ACCEPTED,
    summary="Send a message again",
    responses=refuses(WEBHOOK_OFF),
)
def resend(who: Writer, service: Service, webhook_id: Id, delivery_id: Id) -> DeliveryOut:
    """With the same id and body, whatever became of it before; its schedule begins anew."""
    return DeliveryOut.of(service.resend(who, webhook_id, delivery_id))
