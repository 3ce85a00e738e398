from __future__ import annotations

from typing import Any, Dict, Optional

from ._paging import Page
from ._transport import CallOptions, Transport


class Resource:
    """What the generated resources share."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _pages(self, path: str, query: Dict[str, Any], options: Optional[CallOptions]) -> Page[Any]:
        def ask(cursor: Optional[str]) -> Any:
            asked = query if cursor is None else {**query, "cursor": cursor}
            return self._transport.send("GET", path, query=asked, options=options)

        return Page(ask)
