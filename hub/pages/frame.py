"""What every page's route needs: the words of the visitor's language, and going on after a form."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse

from hub.catalogue import Translator
from hub.pages.words import Words
from hub.web.core import core_of
from hub.web.responses import language_of


def words_of(request: Request) -> Words:
    """The words of this visitor's language, with the present instant."""
    core = core_of(request)
    return Words(Translator(language_of(request)), core.settings.town.zone, core.clock.now())


Speaking = Annotated[Words, Depends(words_of)]


def go_to(place: str) -> RedirectResponse:
    """Send the browser on after a form, so that reloading does not send it again."""
    return RedirectResponse(place, status_code=HTTPStatus.SEE_OTHER)
