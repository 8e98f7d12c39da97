"""The pages' base: one Jinja2 environment for all topics, and `render`, which fills every page's
frame: language, who is logged in, the CSRF token, the demo's warning.

A topic's templates lie in its own `templates/` folder under a folder of its name, and begin with
`{% extends "base.html" %}`. Nothing is inline and nothing comes from outside.
"""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from hub.catalogue import Language, Translator
from hub.web.core import core_of
from hub.web.identity import FORM_COOKIE, csrf_token, form_cookie
from hub.web.menu import menu_of
from hub.web.problems import Problem
from hub.web.responses import LANGUAGE_COOKIE, language_of

HUB: Final = Path(__file__).resolve().parent.parent
STATIC: Final = HUB / "web" / "static"


def page_environment() -> Environment:
    """Make the environment: escapes everything, and fails at an unknown name rather than
    showing nothing."""
    folders = [HUB / "web" / "templates", *sorted(HUB.glob("*/templates"))]
    environment = Environment(
        loader=FileSystemLoader(list(dict.fromkeys(folders))),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["languages"] = list(Language)
    return environment


def render(
    request: Request,
    template: str,
    /,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """Render a page for a visitor. Beside `context` a template has `t` (the catalogue), `lang`,
    `principal`, `menu`, `csrf` (the token) and `csrf_field` (the hidden input), `town`, `demo`,
    `path`, and `lang_url(language)`, the same place in another language."""
    language = language_of(request)
    core = core_of(request)
    token = csrf_token(request)
    principal = getattr(request.state, "principal", None)
    page = request.app.state.templates.get_template(template)
    html = page.render(
        request=request,
        t=Translator(language),
        lang=language,
        principal=principal,
        menu=menu_of(principal, request.url.path) if principal else (),
        csrf=token,
        csrf_field=Markup('<input type="hidden" name="csrf" value="{}">').format(token),
        town=core.settings.town,
        zone=core.settings.town.zone,
        now=core.clock.now(),
        demo=request.app.state.demo,
        path=request.url.path,
        lang_url=lambda other: _in_language(request, other),
        **context,
    )
    response = HTMLResponse(html, status_code=status, headers=headers)
    if principal is None and request.cookies.get(FORM_COOKIE) != form_cookie(request):
        _set_cookie(response, FORM_COOKIE, form_cookie(request))
    if request.query_params.get("lang") == language.value:
        _set_cookie(response, LANGUAGE_COOKIE, language.value, max_age=365 * 24 * 3600)
    response.headers["Content-Language"] = language.html
    return response


def _set_cookie(response: HTMLResponse, name: str, value: str, max_age: int | None = None) -> None:
    response.set_cookie(
        name, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="lax"
    )


def _in_language(request: Request, language: Language) -> str:
    """The same page with the same filters, in another language."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"{request.url.path}?{urlencode([*kept, ('lang', language.value)])}"


def problem_page(request: Request, problem: Problem) -> HTMLResponse:
    """A page that says what went wrong and what to do."""
    return render(
        request,
        "problem.html",
        status=problem.kind.status,
        headers=dict(problem.headers),
        code=problem.kind.code,
        fields=problem.fields,
        request_id=getattr(request.state, "request_id", ""),
    )
