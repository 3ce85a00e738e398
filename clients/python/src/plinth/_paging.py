"""Pages of lists."""

from __future__ import annotations

from typing import Any, Callable, Generic, Iterator, List, Optional, TypeVar

from ._errors import PlinthError

Row = TypeVar("Row")


class Page(Generic[Row]):
    """The rows of one page (``data``); iterated, every row from here on, page after page."""

    def __init__(self, ask: Callable[[Optional[str]], Any], cursor: Optional[str] = None) -> None:
        answer = ask(cursor)
        data = answer.get("data") if isinstance(answer, dict) else None
        following = answer.get("next_cursor") if isinstance(answer, dict) else None
        if not isinstance(data, list) or not (following is None or isinstance(following, str)):
            hint = "Check that the URL is that of Plinth."
            raise PlinthError("The answer is not a page", code="response_invalid", status=200, hint=hint)
        if following is not None and following == cursor:
            raise PlinthError("The pages go in a circle", code="response_invalid", status=200)
        self._ask = ask
        self.data: List[Row] = data
        #: None on the last page.
        self.next_cursor: Optional[str] = following

    def next_page(self) -> Optional["Page[Row]"]:
        return None if self.next_cursor is None else Page(self._ask, self.next_cursor)

    def pages(self) -> Iterator["Page[Row]"]:
        page: Optional[Page[Row]] = self
        while page is not None:
            yield page
            page = page.next_page()

    def __iter__(self) -> Iterator[Row]:
        for page in self.pages():
            yield from page.data
