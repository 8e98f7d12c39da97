"""A message as an e-mail (RFC 5322, MIME): text and HTML, and the calendar entry. Pure."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from hub.notices.carrier import Outgoing
from hub.notices.settings import MailSettings
from hub.notices.texts import as_html, as_text, one_line

_POLICY: Final = SMTP.clone(cte_type="7bit", max_line_length=76)


def mail_of(message: Outgoing, settings: MailSettings, host: str) -> EmailMessage:
    """Give the e-mail of a message. Its Message-ID is the row's, so that one sent twice after a
    crash is known as one; everything is 7-bit.

    Raises `ValueError` for headers that cannot be written (the settings are checked before).
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _address(settings.sender, settings.sender_name)
    mail["To"] = _address(message.to)
    if settings.reply_to:
        mail["Reply-To"] = _address(settings.reply_to)
    mail["Subject"] = one_line(message.said.subject)
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.id}@{host}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers it
    if message.stop_link:
        mail["List-Unsubscribe"] = f"<{message.stop_link}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    text = as_text([*message.said.blocks, *message.said.footer])
    mail.set_content(text, charset="utf-8", cte="base64")
    html = as_html(message.said, message.language.html)
    mail.add_alternative(html, subtype="html", charset="utf-8", cte="base64")
    if message.entry is not None:
        mail.add_attachment(
            message.entry.content,
            maintype="text",
            subtype="calendar",
            cte="base64",
            filename="booking.ics",
            params={"method": message.entry.method, "charset": "utf-8"},
        )
    mail["Content-Language"] = message.language.html
    return mail


def _address(spec: str, name: str = "") -> Address:
    return Address(display_name=one_line(name), addr_spec=spec)
