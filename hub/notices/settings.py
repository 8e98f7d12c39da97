"""Settings of notices: when they are sent, the mail server, LINE."""

from __future__ import annotations

import ipaddress
from datetime import time
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from hub.notices.domain import Channel, NoticeKind, PinInNotice, email_address
from hub.settings_section import Section


class NoticesSettings(Section):
    """When residents are told, unless a site or facility says otherwise."""

    reminder_h: Annotated[int, Field(ge=0, le=14 * 24)] = 24
    pin_in_notice: PinInNotice = PinInNotice.REMINDER
    settle_s: Annotated[int, Field(ge=0, le=600)] = 60
    quiet_from: time = time(21)
    quiet_until: time = time(8)
    urgent_h: Annotated[int, Field(ge=0, le=48)] = 12
    last_moment_min: Annotated[int, Field(ge=0, le=24 * 60)] = 60
    channels: tuple[Channel, ...] = (Channel.LINE, Channel.EMAIL)
    kinds: tuple[NoticeKind, ...] = tuple(NoticeKind)
    """What is told at all: a town whose booking system confirms by itself leaves those out."""
    keep_addresses_days: Annotated[int, Field(ge=1, le=3650)] = 30

    @field_validator("channels")
    @classmethod
    def _each_once(cls, value: tuple[Channel, ...]) -> tuple[Channel, ...]:
        if not value or len(set(value)) != len(value) or Channel.NONE in value:
            raise ValueError('name each channel once, the first choice first: ["line", "email"]')
        return value

    @model_validator(mode="after")
    def _quiet_is_shorter_than_urgent(self) -> NoticesSettings:
        minutes = (
            (self.quiet_until.hour - self.quiet_from.hour) * 60
            + (self.quiet_until.minute - self.quiet_from.minute)
        ) % (24 * 60)
        if minutes > self.urgent_h * 60:
            raise ValueError(
                "urgent_h: quiet hours must not be longer than this, or a message could be held "
                "until after its booking has begun"
            )
        return self


class MailSettings(Section):
    """The mail server; nothing is mailed while `host` is empty."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 465
    security: Literal["tls", "starttls", "none"] = "tls"
    ca: Path | None = None
    username: str = ""
    password_file: Path | None = None
    sender: Annotated[str, Field(validation_alias="from")] = ""
    sender_name: str = ""
    reply_to: str = ""
    timeout_s: Annotated[int, Field(ge=1, le=120)] = 20

    @field_validator("sender", "reply_to")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and email_address(value) is None:
            raise ValueError("write one address such as kagi@town.example.jp")
        return value

    @model_validator(mode="after")
    def _complete(self) -> MailSettings:
        if not self.host:
            return self
        if not self.sender:
            raise ValueError("from: name the address that mails come from")
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError(
                'security: mail leaves this machine encrypted: "tls" (port 465) or "starttls" (587)'
            )
        if bool(self.username) != (self.password_file is not None):
            raise ValueError("username, password_file: give both or neither")
        return self


class LineSettings(Section):
    """The town's LINE channel (Messaging API); off while `token_file` is missing."""

    token_file: Path | None = None
    secret_file: Path | None = None
    api_url: str = "https://api.line.me"
    add_friend_url: str = ""

    @field_validator("api_url", "add_friend_url")
    @classmethod
    def _https(cls, value: str) -> str:
        parts = urlsplit(value)
        local = parts.scheme == "http" and is_loopback(parts.hostname or "")
        if value and parts.scheme != "https" and not local:
            raise ValueError("write an https address")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _both(self) -> LineSettings:
        if (self.token_file is None) != (self.secret_file is None):
            raise ValueError("token_file, secret_file: give both or neither")
        return self


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
