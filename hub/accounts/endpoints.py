"""/api/v1/users, /api/v1/tokens and /api/v1/me."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from hub.accounts import examples
from hub.accounts.domain import MAX_PASSWORD, MIN_PASSWORD, UserState
from hub.accounts.service import AccountsService
from hub.web.core import provided
from hub.web.fields import BodyIn, ChangeIn, Instant, clearable, shown
from hub.web.identity import requires
from hub.web.paging import Cursor, Limit, PageOf
from hub.web.rights import Principal, PrincipalKind, Right, Role

router = APIRouter(prefix="/api/v1", tags=["accounts"])
Service = Annotated[AccountsService, provided(AccountsService)]
Reader = Annotated[Principal, requires(Right.ACCOUNTS_READ)]
Writer = Annotated[Principal, requires(Right.ACCOUNTS_WRITE)]

Login = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\s:]+$")]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Password = Annotated[
    SecretStr,
    Field(description=f"{MIN_PASSWORD} to {MAX_PASSWORD} characters; kept as argon2id only."),
]
Id = Annotated[str, Field(min_length=1, max_length=80)]
Sites = Annotated[
    Annotated[list[Id], Field(max_length=500)] | None,
    Field(description="Limits them to these sites; null is the whole town."),
]


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class UserIn(BodyIn):
    """A new user."""

    model_config = shown(examples.USER_IN)

    login: Login
    name: Name
    password: Password
    role: Role
    sites: Sites = None
    person_id: Id | None = Field(None, description="The person this user is, if any.")


class UserChange(ChangeIn):
    """What to change of a user; what is left out stays."""

    model_config = shown(examples.USER_CHANGE)

    name: Name | None = None
    password: Password | None = None
    role: Role | None = None
    sites: Sites = clearable()
    person_id: Id | None = clearable()
    state: UserState | None = None


class UserOut(_Out):
    """A user."""

    model_config = shown(examples.USER_OUT)

    id: str
    login: str
    name: str
    role: Role
    sites: list[str] | None
    person_id: str | None
    state: UserState
    last_login_at: datetime | None = Field(description="Null for who never logged in.")
    created_at: datetime
    updated_at: datetime


class TokenIn(BodyIn):
    """A new bearer token."""

    model_config = shown(examples.TOKEN_IN)

    name: Name = Field(description="What it is for, so that somebody knows when to revoke it.")
    role: Role
    sites: Sites = None
    expires_at: Instant | None = None


class TokenOut(_Out):
    """A bearer token, without its text."""

    model_config = shown(examples.TOKEN_OUT)

    id: str
    name: str
    role: Role
    sites: list[str] | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")


class NewTokenOut(TokenOut):
    """A bearer token just made: the only answer that holds its text."""

    model_config = shown(examples.NEW_TOKEN_OUT)

    token: str = Field(description="Send it as `Authorization: Bearer ...`. It is not shown again.")


class MeOut(BaseModel):
    """Who asks."""

    model_config = shown(examples.ME_OUT)

    kind: PrincipalKind
    id: str
    name: str
    role: Role
    rights: list[Right]
    sites: list[str] | None
    person_id: str | None


@router.get("/me", summary="Who am I?")
def me(who: Annotated[Principal, requires(Right.SELF)]) -> MeOut:
    """The caller's role, rights and sites."""
    return MeOut(
        kind=who.kind,
        id=who.id,
        name=who.name,
        role=who.role,
        rights=sorted(right for right in Right if who.may(right)),
        sites=None if who.sites is None else sorted(who.sites),
        person_id=who.person_id,
    )


@router.get("/users", summary="List users")
def list_users(
    _who: Reader, service: Service, cursor: Cursor = None, limit: Limit = 50
) -> PageOf[UserOut]:
    """Users in the order they were made."""
    page = service.users(cursor, limit)
    items = [UserOut.model_validate(user) for user in page.items]
    return PageOf(items=items, next_cursor=page.next_cursor)


@router.post("/users", status_code=HTTPStatus.CREATED, summary="Add a user")
def add_user(who: Writer, service: Service, body: UserIn) -> UserOut:
    """Make a user who logs in with a password."""
    given = body.model_dump(exclude={"password"})
    user = service.add_user(who, password=body.password.get_secret_value(), **given)
    return UserOut.model_validate(user)


@router.patch("/users/{user_id}", summary="Change a user")
def change_user(who: Writer, service: Service, user_id: str, body: UserChange) -> UserOut:
    """A changed password, role, reach or state ends the user's sessions. `409 last_admin` where
    nobody would be left who may keep accounts in the whole town."""
    changes = body.changes()
    if body.password is not None:
        changes["password"] = body.password.get_secret_value()
    return UserOut.model_validate(service.change_user(who, user_id, changes))


@router.get("/tokens", summary="List tokens")
def list_tokens(
    _who: Reader, service: Service, cursor: Cursor = None, limit: Limit = 50
) -> PageOf[TokenOut]:
    """Tokens in the order they were made, revoked ones included."""
    page = service.tokens(cursor, limit)
    items = [TokenOut.model_validate(token) for token in page.items]
    return PageOf(items=items, next_cursor=page.next_cursor)


@router.post("/tokens", status_code=HTTPStatus.CREATED, summary="Create a token")
def create_token(who: Writer, service: Service, body: TokenIn) -> NewTokenOut:
    """Make a bearer token; its text is in this answer only."""
    token, text = service.create_token(who, **body.model_dump())
    shown = TokenOut.model_validate(token).model_dump()
    return NewTokenOut(**shown, token=text)


@router.delete("/tokens/{token_id}", summary="Revoke a token")
def revoke_token(who: Writer, service: Service, token_id: str) -> TokenOut:
    """From now on it opens nothing; doing so again changes nothing."""
    return TokenOut.model_validate(service.revoke_token(who, token_id))
