"""What the table remembers in its home: the saved views, and how the list was left."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coupon_desk.catalogue.query import CouponQuery
from coupon_desk.desk.columns import LAYOUT_AT_FIRST, Layout
from coupon_desk.desk.views import (
    ALL,
    LONGEST_NAME,
    View,
    pack_layout,
    pack_query,
    unpack_layout,
    unpack_query,
)
from coupon_desk.storage.in_place import put_in_place

FILE: Final = "table.json"
MOST_VIEWS: Final = 100

_log = logging.getLogger("coupon_desk.desk")


@dataclass(frozen=True, slots=True)
class TableState:
    """The contents of the file: the views that were saved, which one was open, and what was asked for and shown."""

    views: tuple[View, ...] = ()
    view: str = ALL.name
    query: CouponQuery = ALL.query
    layout: Layout = LAYOUT_AT_FIRST


def read(home: Path) -> TableState:
    """What is remembered in a home; nothing where there is no file or no sense in it."""
    try:
        found: Any = json.loads((home / FILE).read_text(encoding="utf-8"))
        return TableState(
            views=tuple(_unpack_view(one) for one in found["views"][:MOST_VIEWS]),
            view=str(found["view"]),
            query=unpack_query(found["query"]),
            layout=unpack_layout(found["columns"]),
        )
    except FileNotFoundError:
        return TableState()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        _log.info("what the table remembered cannot be read: %s", type(wrong).__name__)
        return TableState()


def write(home: Path, state: TableState) -> None:
    """Keep it. A home that cannot be written to is no reason to hinder anybody."""
    packed = {
        "views": [_pack_view(view) for view in state.views],
        "view": state.view,
        "query": pack_query(state.query),
        "columns": pack_layout(state.layout),
    }
    try:
        put_in_place(home / FILE, json.dumps(packed, indent=2, ensure_ascii=False) + "\n")
    except OSError as wrong:
        _log.info("what the table should remember cannot be written: %s", type(wrong).__name__)


def _pack_view(view: View) -> dict[str, Any]:
    columns = None if view.layout is None else pack_layout(view.layout)
    return {"name": view.name, "query": pack_query(view.query), "columns": columns}


def _unpack_view(packed: Any) -> View:
    columns = packed["columns"]
    layout = None if columns is None else unpack_layout(columns)
    return View(str(packed["name"])[:LONGEST_NAME], unpack_query(packed["query"]), layout)
