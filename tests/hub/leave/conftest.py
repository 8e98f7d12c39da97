"""The office of applications, whose people have leave."""

from __future__ import annotations

from tests.hub.applications.conftest import office as office
