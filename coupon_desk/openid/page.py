"""The plain page that the browser shows at the end."""

from __future__ import annotations

from html import escape
from typing import Final

from coupon_desk.words import Language, Message, msg, say

_PAGE: Final = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font: 1.15rem/1.7 system-ui, "Noto Sans CJK JP", sans-serif; display: grid; place-items: center; min-height: 90vh; }}
main {{ max-width: 34rem; padding: 2rem; text-align: center; }}
h1 {{ font-size: 1.4rem; }}
</style>
</head>
<body><main><h1>{title}</h1><p>{sentence}</p></main></body>
</html>
"""


def page_of(sentence: Message, language: Language) -> str:
    """A page with one sentence."""
    title = escape(say(msg("Coupon Desk"), language))
    return _PAGE.format(language=language.value, title=title, sentence=escape(say(sentence, language)))
