"""The one error that a card can cause, with its closed list of causes."""

from __future__ import annotations

from enum import StrEnum


class CardFault(StrEnum):
    """Why a card gave no identity: the `cause` of `CardFailed`."""

    CARD_REMOVED = "card_removed"
    CARD_MUTE = "card_mute"
    """There is a card and it does not answer its power-on reset."""
    CARD_TIMEOUT = "card_timeout"
    CARD_IN_USE = "card_in_use"
    """Another program holds the card."""
    MALFORMED_ATR = "malformed_atr"
    MALFORMED_ANSWER = "malformed_answer"
    """An answer without its two status bytes, or one longer than any short APDU's."""
    BAD_STATUS = "bad_status"
    WRONG_LENGTH = "wrong_length"
    BAD_PARITY = "bad_parity"
    UNSUPPORTED = "unsupported"
    """No profile of this reader knows the card."""
    PSEUDO_IDENTIFIER = "pseudo_identifier"
    """The card gives another number each time (or may): it identifies nobody."""
    READER_FAILED = "reader_failed"
    INTERNAL_ERROR = "internal_error"


class CardError(Exception):
    """A card could not be read; `detail` names the step and the status word, never an identity."""

    def __init__(self, fault: CardFault, detail: str = "") -> None:
        self.fault = fault
        self.detail = detail
        super().__init__(f"{fault.value}: {detail}" if detail else fault.value)
