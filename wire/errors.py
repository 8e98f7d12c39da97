"""The one error that bytes from outside can raise, with its closed list of causes."""

from __future__ import annotations

from enum import StrEnum


class WireFault(StrEnum):
    """Why bytes were refused: the label of the counter they are counted under."""

    TOO_SHORT = "too_short"
    TOO_LARGE = "too_large"
    UNKNOWN_KEY = "unknown_key"
    BAD_TAG = "bad_tag"
    UNKNOWN_SIGNER = "unknown_signer"
    BAD_SIGNATURE = "bad_signature"
    BAD_TOPIC = "bad_topic"
    BAD_JSON = "bad_json"
    BAD_FIELD = "bad_field"
    UNKNOWN_KIND = "unknown_kind"
    BAD_IDENTITY = "bad_identity"
    BAD_CERTIFICATE = "bad_certificate"
    BAD_SEAL = "bad_seal"


class WireError(ValueError):
    """Untrusted bytes do not hold what the wire demands; `fault` says which rule they broke.

    `detail` never repeats the bytes themselves: they may carry secrets.
    """

    def __init__(self, fault: WireFault, detail: str = "") -> None:
        self.fault = fault
        self.detail = detail
        super().__init__(f"{fault.value}: {detail}" if detail else fault.value)
