"""Names what PINs, key boxes and the database refuse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hub.bookings.refusals import Refusal, refused
from hub.database.errors import OverlapError
from hub.keyboxes.domain import NoCodeLeftError
from hub.pins.draw import DigitsIncompatibleError, NoPinLeftError
from hub.pins.lengths import GuessRiskError
from hub.pins.service import CredentialGoneError


@contextmanager
def named_refusals() -> Iterator[None]:
    """Turn what PINs and the database refuse into the booking's own refusals."""
    try:
        yield
    except DigitsIncompatibleError as error:
        raise refused(Refusal.DIGITS_INCOMPATIBLE, str(error)) from error
    except GuessRiskError as error:
        raise refused(
            Refusal.GUESS_RISK, str(error), digits=error.digits, door=error.door_id
        ) from error
    except NoPinLeftError as error:
        raise refused(Refusal.NO_PIN_LEFT, str(error)) from error
    except NoCodeLeftError as error:
        raise refused(Refusal.NO_CODE_LEFT, str(error), key_box=error.lock_id) from error
    except CredentialGoneError as error:
        raise refused(Refusal.PIN_REVOKED, str(error)) from error
    except OverlapError as error:
        raise refused(Refusal.DOUBLE_BOOKED, "the facility is booked in that time") from error
