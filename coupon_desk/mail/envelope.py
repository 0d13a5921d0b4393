"""A mail as bytes and addresses, ready for the mail server: headers that nobody's name can break out of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from coupon_desk.errors import RemoteRefused, System
from coupon_desk.mail.messages import RenderedMail, one_line
from coupon_desk.words import Language, msg

# Wider than RFC 5321 allows in nothing: dot-atoms (RFC 6531 lets them be non-ASCII), no quoted local parts, no literals.
_ATOM: Final = r"[^\s\x00-\x20\x7f()<>\[\]:;@\\,.\"]+"
_ADDRESS: Final = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>[^\s@\x00-\x20\x7f()<>\[\]:;\\,\"]+)")
_LOCAL_LENGTH: Final = 64
_ADDRESS_LENGTH: Final = 254
_SENDER: Final = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]+)>\s*|(?P<bare>[^<>]+)")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address with the name of whose it is. Personal data: never to a log."""

    name: str
    address: str

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a mail server with SMTPUTF8 (RFC 6531) can take it."""
        return not self.address.isascii()


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is handed to the mail server."""

    sender: str
    recipient: str
    content: bytes
    needs_smtputf8: bool


def seal(
    mail: RenderedMail,
    language: Language,
    sender: Mailbox,
    recipient: Mailbox,
    message_id: str,
    sent_at: datetime,
    *,
    unsubscribe_url: str | None = None,
) -> Envelope:
    """The mail with its headers, as the bytes that are sent; `unsubscribe_url` lets mail programs offer the way out."""
    # RFC 6532 headers only where an address needs them: an older server could not pass them on.
    needs_smtputf8 = sender.needs_smtputf8 or recipient.needs_smtputf8
    message = EmailMessage(policy.SMTPUTF8 if needs_smtputf8 else policy.SMTP)
    message["From"] = _header(sender)
    message["To"] = _header(recipient)
    message["Subject"] = one_line(mail.subject)
    message["Date"] = format_datetime(sent_at)
    message["Message-ID"] = _message_id(message_id)
    # RFC 3834 §5: keeps holiday notices from answering.
    message["Auto-Submitted"] = "auto-generated"
    if unsubscribe_url is not None:
        # RFC 2369 §3.2. Not RFC 8058 (one click): that needs an answer to POST, which Shopify does not promise.
        message["List-Unsubscribe"] = f"<{unsubscribe_url}>"
    encoding = "base64" if language is Language.JA else "quoted-printable"
    message.set_content(mail.text, cte=encoding)
    message.add_alternative(mail.html, subtype="html", cte=encoding)
    # Only now: whatever begins with “Content-” belongs to a part while the parts are being made.
    message["Content-Language"] = language.value
    return Envelope(sender.address, recipient.address, message.as_bytes(), needs_smtputf8)


def sender_of(configured: str) -> Mailbox:
    """The sender as `[mail] sender` has it, `Ginza store <points@example.com>`. Raises RemoteRefused."""
    parts = _SENDER.fullmatch(configured)
    address = mailable((parts["address"] or parts["bare"]).strip()) if parts is not None else None
    if parts is None or address is None:
        raise RemoteRefused(
            System.MAIL,
            msg("The sender in the configuration is not an e-mail address; nothing was sent."),
            todo=msg("Correct “sender” in the part [mail] of the configuration."),
        )
    return Mailbox(one_line((parts["name"] or "").strip().strip('"')), address)


def recipient_of(name: str, address: str) -> Mailbox:
    """The customer's address. Raises RemoteRefused where no mail server could deliver to it."""
    usable = mailable(address.strip())
    if usable is None:
        raise RemoteRefused(
            System.MAIL,
            msg("The customer's e-mail address is not an address; no e-mail was sent."),
            todo=msg("Correct the address in Shopify, or tell the customer in another way."),
        )
    return Mailbox(one_line(name), usable)


def mailable(address: str) -> str | None:
    """The address as a mail server takes it, its domain in ASCII; None where it is none."""
    parts = _ADDRESS.fullmatch(address)
    if parts is None or len(parts["local"].encode()) > _LOCAL_LENGTH:
        return None
    try:
        domain = parts["domain"].encode("idna").decode("ascii")
    except UnicodeError:
        return None
    whole = f"{parts['local']}@{domain}"
    return whole if len(whole.encode()) <= _ADDRESS_LENGTH else None


def _header(mailbox: Mailbox) -> Address:
    local, _, domain = mailbox.address.rpartition("@")
    return Address(display_name=mailbox.name, username=local, domain=domain)


def _message_id(given: str) -> str:
    return "<" + "".join(one_line(given).strip("<>").split()) + ">"
