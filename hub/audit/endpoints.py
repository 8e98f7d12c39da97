"""GET /api/v1/audit."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from hub.audit import examples
from hub.audit.service import AuditFilter, AuditService
from hub.web.addresses import AddressKind
from hub.web.core import provided
from hub.web.fields import Instant, shown
from hub.web.identity import requires
from hub.web.paging import Cursor, Limit, PageOf
from hub.web.rights import Right

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])
Service = Annotated[AuditService, provided(AuditService)]


class AuditEntryOut(BaseModel):
    """One entry of the audit log."""

    model_config = shown(examples.AUDIT_ENTRY_OUT) | ConfigDict(from_attributes=True)

    seq: int = Field(description="Its number in the chain, without gaps.")
    at: datetime
    action: str = Field(description="What was done, `topic.verb`.", examples=["door.changed"])
    target_kind: str
    target_id: str
    came_from: AddressKind = Field(description="The kind of address, never the address.")
    actor: str | None = Field(description="Who: `session:<user>`, `token:<id>`; null once erased.")
    actor_name: str | None
    details: dict[str, Any] | None = Field(description="What exactly; null once erased.")
    hash: str = Field(description="Covers this entry and the hash before it.")


class ChainOut(BaseModel):
    """Whether the chain holds."""

    model_config = shown(examples.CHAIN_OUT) | ConfigDict(from_attributes=True)

    entries: int = Field(description="How many entries fit, from the first.")
    head: str = Field(description="Hash of the last that fits: keep it off this machine.")
    broken_at: int | None = Field(description="Number of the first entry that does not fit.")
    intact: bool


@router.get("", dependencies=[requires(Right.AUDIT_READ)], summary="Read the audit log")
def read_audit(
    service: Service,
    actor: Annotated[str | None, Query(max_length=80)] = None,
    action: Annotated[str | None, Query(max_length=64)] = None,
    target_kind: Annotated[str | None, Query(max_length=32)] = None,
    target_id: Annotated[str | None, Query(max_length=128)] = None,
    since: Annotated[Instant | None, Query(description="From here on.")] = None,
    until: Annotated[Instant | None, Query(description="Before this.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> PageOf[AuditEntryOut]:
    """Who did what, the newest first."""
    wanted = AuditFilter(actor, action, target_kind, target_id, since, until)
    page = service.page(wanted, cursor, limit)
    items = [AuditEntryOut.model_validate(entry) for entry in page.items]
    return PageOf(items=items, next_cursor=page.next_cursor)


@router.get("/chain", dependencies=[requires(Right.AUDIT_READ)], summary="Verify the audit chain")
def verify_chain(service: Service) -> ChainOut:
    """Walk the whole chain and say whether anything was changed, removed or moved."""
    return ChainOut.model_validate(service.verify())
