"""What a mail server's refusal or silence proves, by the stage at which it came."""

from __future__ import annotations

import re
import smtplib
import ssl
from enum import StrEnum
from typing import Final

from coupon_desk.errors import OutcomeUnknown, RemoteError, RemoteRefused, RemoteUnavailable, System
from coupon_desk.words import Message, msg

_SIGN_IN_FIRST: Final = 530
_ENHANCED: Final = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}")


class Stage(StrEnum):
    """How far a mail has come. Only from `HANDED_OVER` on can it be on its way."""

    CONNECT = "connect"
    ENCRYPT = "encrypt"
    SIGN_IN = "sign in"
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"
    HANDED_OVER = "handed over"


def failure(stage: Stage, broken: Exception) -> RemoteError:
    """The remote error that this exception of smtplib, ssl or the network means at this stage."""
    detail = _detail(stage, broken)
    if isinstance(broken, smtplib.SMTPNotSupportedError):
        what, todo = _UNSUPPORTED[stage]
        return RemoteRefused(System.MAIL, what, todo=todo, detail=detail)
    if isinstance(broken, smtplib.SMTPResponseException) and 400 <= broken.smtp_code < 600:
        # A greeting with 5xx says nothing about this mail: the server may be shut for everybody today.
        if broken.smtp_code < 500 or stage is Stage.CONNECT:
            return RemoteUnavailable(
                System.MAIL,
                msg("The mail server does not take the e-mail now; it was not sent."),
                todo=msg("It is tried again later."),
                detail=detail,
            )
        about_us = stage in {Stage.SENDER, Stage.RECIPIENT} and _is_about_us(broken)
        what, todo = _SENDER_REFUSED if about_us else _REFUSED[stage]
        return RemoteRefused(System.MAIL, what, todo=todo, detail=detail)
    if stage is Stage.HANDED_OVER:
        return OutcomeUnknown(
            System.MAIL,
            msg("The mail server took the e-mail and did not say whether it will deliver it."),
            todo=msg("Ask the customer, or look at the mail server, before it is sent again."),
            detail=detail,
        )
    if isinstance(broken, ssl.SSLCertVerificationError):
        return RemoteUnavailable(
            System.MAIL,
            msg("The certificate of the mail server cannot be trusted; nothing was sent."),
            todo=msg("Check “host” in the part [mail] of the configuration and the date of this computer."),
            detail=detail,
        )
    return RemoteUnavailable(
        System.MAIL,
        msg("The mail server cannot be reached; no e-mail was sent."),
        todo=msg("Check the network and the part [mail] of the configuration. It is tried again later."),
        detail=detail,
    )


_CONFIGURATION: Final = msg("Check the part [mail] of the configuration.")
_SENDER_REFUSED: Final = (
    msg("The mail server does not let us send from this address; no e-mail was sent."),
    msg("Check “sender” and “username” in the part [mail] of the configuration."),
)
_CONTENT_REFUSED: Final = (
    msg("The mail server refused the e-mail; it was not sent."),
    msg("Tell the customer in another way, and ask the people who run the mail server."),
)
_REFUSED: Final[dict[Stage, tuple[Message, Message]]] = {
    Stage.ENCRYPT: (msg("The mail server refuses to encrypt; nothing was sent."), _CONFIGURATION),
    Stage.SIGN_IN: (
        msg("The mail server does not accept the user name or the password; no e-mail was sent."),
        msg("Check “username” in the part [mail] and store the password with “coupon-desk secrets set mail.password”."),
    ),
    Stage.SENDER: _SENDER_REFUSED,
    Stage.RECIPIENT: (
        msg("The mail server refuses the customer's address; no e-mail was sent."),
        msg("Correct the address in Shopify, or tell the customer in another way."),
    ),
    Stage.CONTENT: _CONTENT_REFUSED,
    Stage.HANDED_OVER: _CONTENT_REFUSED,
}
_UNSUPPORTED: Final[dict[Stage, tuple[Message, Message]]] = {
    Stage.ENCRYPT: (
        msg("The mail server offers no STARTTLS; nothing was sent, because it would not have been encrypted."),
        _CONFIGURATION,
    ),
    Stage.SIGN_IN: (
        msg("The mail server offers no way to sign in that Coupon Desk knows (PLAIN or LOGIN); no e-mail was sent."),
        _CONFIGURATION,
    ),
    Stage.SENDER: (
        msg("The mail server cannot take this address: it has other letters than a to z; no e-mail was sent."),
        msg("Correct the address in Shopify, or tell the customer in another way."),
    ),
}


def _is_about_us(broken: smtplib.SMTPResponseException) -> bool:
    # 530: sign in first (RFC 4954 §6). 5.7.0 and 5.7.1: relaying is not allowed (RFC 3463 §3.8).
    return broken.smtp_code == _SIGN_IN_FIRST or _enhanced(broken) in {"5.7.0", "5.7.1"}


def _enhanced(broken: smtplib.SMTPResponseException) -> str:
    reply = broken.smtp_error if isinstance(broken.smtp_error, bytes) else b""
    enhanced = _ENHANCED.match(reply)
    return enhanced[0].decode("ascii") if enhanced is not None else ""


def _detail(stage: Stage, broken: Exception) -> str:
    # The server's own words often repeat the address; its numbers say the same without a name.
    if isinstance(broken, smtplib.SMTPResponseException):
        return f"{stage}: {broken.smtp_code} {_enhanced(broken)}".rstrip()
    return f"{stage}: {type(broken).__name__}"
