"""Signing in to a mail server with SASL PLAIN or LOGIN in UTF-8; smtplib's own takes ASCII passwords only."""

from __future__ import annotations

import base64
import smtplib
from typing import Final

_SIGNED_IN: Final = 235
_GO_ON: Final = 334


def sign_in(server: smtplib.SMTP, username: str, password: str) -> None:
    """Sign in, preferring PLAIN (RFC 4616).

    Raises SMTPNotSupportedError where the server offers neither way, SMTPResponseException for any refusal; the
    exceptions hold neither name nor password.
    """
    offered = str(server.esmtp_features.get("auth", "")).upper().split()
    if "PLAIN" in offered:
        code, reply = server.docmd("AUTH", "PLAIN " + _base64(f"\0{username}\0{password}"))
    elif "LOGIN" in offered:
        code, reply = server.docmd("AUTH", "LOGIN " + _base64(username))
        if code == _GO_ON:
            code, reply = server.docmd(_base64(password))
    else:
        raise smtplib.SMTPNotSupportedError("no AUTH PLAIN or LOGIN")
    if code != _SIGNED_IN:
        raise smtplib.SMTPResponseException(code, reply)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
