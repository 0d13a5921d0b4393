"""Made-up people for the training shop: a shop in Tokyo with customers from many places."""

from __future__ import annotations

from typing import Final

from coupon_desk.training import dice

_FAMILY: Final = (
    ("佐藤", "sato"), ("鈴木", "suzuki"), ("高橋", "takahashi"), ("田中", "tanaka"), ("伊藤", "ito"),
    ("渡辺", "watanabe"), ("山本", "yamamoto"), ("中村", "nakamura"), ("小林", "kobayashi"), ("加藤", "kato"),
    ("吉田", "yoshida"), ("山田", "yamada"), ("佐々木", "sasaki"), ("山口", "yamaguchi"), ("松本", "matsumoto"),
    ("井上", "inoue"), ("木村", "kimura"), ("林", "hayashi"), ("清水", "shimizu"), ("山崎", "yamazaki"),
    ("池田", "ikeda"), ("橋本", "hashimoto"), ("阿部", "abe"), ("石川", "ishikawa"), ("前田", "maeda"),
    ("藤田", "fujita"), ("後藤", "goto"), ("岡田", "okada"), ("長谷川", "hasegawa"), ("村上", "murakami"),
)  # fmt: skip
_GIVEN: Final = (
    ("陽菜", "hina"), ("結衣", "yui"), ("美咲", "misaki"), ("さくら", "sakura"), ("葵", "aoi"), ("七海", "nanami"),
    ("真由美", "mayumi"), ("直美", "naomi"), ("恵子", "keiko"), ("優子", "yuko"), ("翔太", "shota"),
    ("大輔", "daisuke"), ("健太", "kenta"), ("拓也", "takuya"), ("蓮", "ren"), ("悠真", "yuma"), ("誠", "makoto"),
    ("浩二", "koji"), ("和也", "kazuya"), ("亮", "ryo"), ("由紀", "yuki"), ("千尋", "chihiro"), ("香織", "kaori"),
    ("麻衣", "mai"),
)  # fmt: skip
_ABROAD: Final = (
    ("Emma", "Thompson", "en"), ("James", "Carter", "en"), ("Olivia", "Bennett", "en-GB"),
    ("Liam", "O’Connor", "en-IE"), ("Sophia", "Nguyen", "en-AU"), ("Noah", "Williams", "en"), ("Grace", "Kim", "en"),
    ("Daniel", "Schmidt", "de"), ("Léa", "Moreau", "fr"), ("Giulia", "Rossi", "it"), ("Mateo", "García", "es"),
    ("怡君", "陳", "zh-TW"), ("家豪", "王", "zh-TW"), ("서연", "김", "ko"), ("민준", "이", "ko"),
    ("Priya", "Sharma", "en"), ("Lucas", "Silva", "pt-BR"), ("Ingrid", "Larsen", "nb"), ("Ahmed", "Hassan", "en"),
    ("Chloe", "Martin", "fr"),
)  # fmt: skip
_ABROAD_LOCAL: Final = {"陳": "chen", "王": "wang", "김": "kim", "이": "lee"}
_DOMAINS: Final = ("example.com", "example.jp", "example.net", "example.org")


def person(seed: int, index: int) -> tuple[str, str, str, str]:
    """First name, last name, locale and e-mail of the customer at an index."""
    domain = dice.pick(_DOMAINS, seed, 101, index)
    if dice.below(100, seed, 102, index) < 76:
        family, family_letters = dice.pick(_FAMILY, seed, 103, index)
        given, given_letters = dice.pick(_GIVEN, seed, 104, index)
        return given, family, "ja", f"{given_letters}.{family_letters}{index % 977}@{domain}"
    first, last, locale = dice.pick(_ABROAD, seed, 105, index)
    letters = _ABROAD_LOCAL.get(last, last.lower().replace("’", "").replace("í", "i"))
    return first, last, locale, f"{letters}{1950 + index % 1009}@{domain}"
