"""Which questions are asked of an API, and in which order: few that answer many at once."""

from __future__ import annotations

import typing as t

from paged_rest.check.seen import Answer, CheckedList, Checkup, Look, Observed, Purpose
from paged_rest.errors import (
    BudgetSpent,
    Denied,
    QuotaSpent,
    RunStopped,
    ScopeMissing,
    SizeRefused,
    StreamFailed,
    WrongAddress,
)
from paged_rest.http import PageReader, advice, broken
from paged_rest.reading import PageRequest
from paged_rest.records import Conformer
from paged_rest.wording import printable

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from paged_rest.http import Api, Client, Response

# Rows of a page that is asked for only to see the total, and whether such a size is given.
_FEW = 7
# Fewer rows leave nothing to cut elsewhere.
_ENOUGH = 3

_Parsed = t.TypeVar("_Parsed")


def ask(api: Api, client: Client, lists: Iterable[CheckedList], page_size: int) -> Checkup:
    """Ask an API what a tap takes on trust of it.

    Args:
        api: The API.
        client: What asks; its budget ends the questions, the most important of which come first.
        lists: What is to be read.
        page_size: Rows to ask for in the first page of each list.
    """
    checkup = Checkup(api, page_size, [Observed(one) for one in lists])
    asking = _Asking(client, checkup)
    try:
        asking.ask_about_key()
        asking.ask_for_first_pages()
        asking.ask_for_further_pages()
    except BudgetSpent:
        checkup.cut_short = True
    except QuotaSpent as error:
        checkup.stopped = f"{_capital(str(error))}. Check again when its day is over"
    except RunStopped as error:
        checkup.stopped = _capital(str(error))
    asking.end()
    return checkup


class _Asking:
    def __init__(self, client: Client, checkup: Checkup) -> None:
        self._client = client
        self._checkup = checkup
        self._without_key: StreamFailed | None = None
        self._readers = {one.listed.name: _reader(checkup.api, one.listed) for one in checkup.lists}

    def end(self) -> None:
        """Note what can be told only at the end."""
        self._checkup.requests = self._client.requests
        if self._without_key and self._client.answered:
            self._checkup.key_unknown = str(self._without_key)

    def ask_about_key(self) -> None:
        """Ask whose the key is, and what it may do.

        Raises:
            RunStopped: Nothing can be asked at all.
        """
        endpoint = self._checkup.api.scopes
        if endpoint is None:
            return

        def parse(response: Response) -> None:
            body = response.body or {}
            scopes, owner = list(endpoint.parse(body)), endpoint.owner(body)
            if not scopes and owner is None:
                raise broken(response, "does not tell the scopes of the key")
            self._checkup.scopes = [*map(_shown, scopes)]
            self._checkup.owner = owner and _shown(owner)
            version = endpoint.version(body)
            self._checkup.version = version and _shown(version)

        try:
            self._get(endpoint.path, {}, parse)
        except RunStopped:
            raise
        except StreamFailed as error:
            self._without_key = error

    def ask_for_first_pages(self) -> None:
        """Ask for the first page of each list.

        Raises:
            RunStopped: Nothing can be asked at all.
        """
        for one in self._checkup.lists:
            try:
                self._look(one, "first", PageRequest(1, self._checkup.page_size))
            except RunStopped:
                raise
            except StreamFailed as error:
                self._note_failure(one, error)

    def ask_for_further_pages(self) -> None:
        """Ask for pages that are cut elsewhere, for the last ones, and for other rows.

        Raises:
            RunStopped: Nothing more can be asked.
        """
        for one, purpose, request in self._further():
            if one.failure:
                continue
            try:
                self._look(one, purpose, request)
            except RunStopped:
                raise
            except StreamFailed as error:
                if type(error) in {SizeRefused, StreamFailed}:
                    one.refused[purpose] = "it was rejected"
                else:
                    self._note_failure(one, error)

    def _further(self) -> Iterator[tuple[Observed, Purpose, PageRequest]]:
        """Yield further pages, those first that tell most."""
        paged = [one for one in self._checkup.readable if one.listed.paged]
        ordered = [one for one in paged if one.listed.order]
        yield from self._cut_elsewhere(ordered)
        for one in paged:
            if one.listed.lets_in:
                yield one, "without", PageRequest(1, _FEW)
        yield from self._cut_elsewhere([one for one in paged if not one.listed.order])
        for one in paged:
            if "last" not in one.looks and not _first(one).shows_all:
                yield one, "last", _last_page(_first(one))

    def _cut_elsewhere(
        self, lists: Iterable[Observed]
    ) -> Iterator[tuple[Observed, Purpose, PageRequest]]:
        """Yield one page of each list, of an odd size.

        Once one was taken from within a first page, the last pages of long lists tell more.
        """
        for one in lists:
            first = _first(one)
            tried = any("within" in other.looks for other in self._checkup.lists)
            if tried and not first.shows_all:
                yield one, "last", _last_page(first)
            elif len(first.ids) >= _ENOUGH:
                half = len(first.ids) // 2
                yield one, "within", PageRequest(2, half - (half % 2 == 0))

    def _look(self, one: Observed, purpose: Purpose, request: PageRequest) -> None:
        listed, api = one.listed, self._checkup.api
        params: dict[str, str | int] = dict(listed.params)
        if purpose == "without" and listed.lets_in:
            del params[listed.lets_in]
        if listed.paged:
            params |= {api.page_size: request.size, api.page: request.number}

        def parse(response: Response) -> Look:
            page = self._readers[listed.name].page(response, request)
            if page is None:
                raise broken(response, "is another page than the one that was asked for")
            rows = (response.body or {}).get("data") or ()
            fields = frozenset().union(*(row for row in rows if isinstance(row, dict)))
            return Look(page, fields, response.seconds)

        one.looks[purpose] = self._get(listed.path, params, parse)

    def _get(
        self, path: str, params: dict[str, str | int], parse: Callable[[Response], _Parsed]
    ) -> _Parsed:
        def noted(response: Response) -> _Parsed:
            answer = Answer.of(response)
            parsed = parse(response)
            self._checkup.answers.append(answer)
            return parsed

        return self._client.get(path, params, noted)

    def _note_failure(self, one: Observed, error: StreamFailed) -> None:
        """Note why a list cannot be read.

        Raises:
            WrongAddress: Nothing has answered as the API would.
        """
        name, api = one.listed.name, self._checkup.api
        if not isinstance(error, ScopeMissing) and not self._client.answered:
            sentence = f"{error}. It is not {api.name} that answers: check the setting api_url"
            if isinstance(error, Denied):
                sentence = error.without_api
            raise WrongAddress(sentence)
        ending = advice(error, api, lambda: self._checkup.scopes, "deselect the stream")
        one.failure = f"{name}: {error}{ending}"


def _reader(api: Api, listed: CheckedList) -> PageReader:
    return PageReader(
        api=api,
        conformer=Conformer(listed.schema),
        typed=None,
        replication_key=None,
        created=listed.order or listed.created,
        paged=listed.paged,
    )


def _shown(text: str) -> str:
    """Return a word of the API's as it can be printed."""
    return printable(text[:60])


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _first(one: Observed) -> Look:
    return one.looks["first"]


def _last_page(first: Look) -> PageRequest:
    """Return the last page of a list, of the largest odd size below that of its first page."""
    size = max(1, first.size - 1 - first.size % 2)
    return PageRequest(max(1, -(-first.page.total // size)), size)
