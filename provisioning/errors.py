"""The one error of provisioning: it names the file or value and what to do about it."""

from __future__ import annotations


class ProvisioningError(Exception):
    """Keys, certificates or their files are not as they must be; `remedy` says what helps."""

    def __init__(self, what: str, remedy: str = "") -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what}. {remedy}" if remedy else what)
