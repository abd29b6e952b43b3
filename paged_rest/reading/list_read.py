"""The reading of one list in one run: what to ask for, what to hand out, what to remember.

Feed a `ListRead` with responses: it says which page comes next, which rows are wanted and new,
what may be remembered, and whether it is proven that nothing was missed.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from paged_rest.reading.chain import Chain, newer
from paged_rest.reading.checksum import id_checksum
from paged_rest.reading.count import Count
from paged_rest.reading.descent import Descent, reread_from
from paged_rest.reading.older_rows import LATE_MINUTES, Bookmark, OlderRows, ResumePoint
from paged_rest.reading.page import CannotVerify, PageRequest
from paged_rest.timestamps import before

if t.TYPE_CHECKING:
    from paged_rest.reading.page import Page, Row

# Full pages that must come in order where the API does not promise it.
_FEWEST_ORDERED_PAGES = 3
_MOST_STALE_PAGES = 2
_SECONDS_APART = 5
_PAGES_REMEMBERED = 8


@dataclass(slots=True)
class ListRead:
    """The reading of one list in one run.

    Ask for `next_request` and `feed` its response until `next_request` is None. Rows older than
    `stop_at` are not handed out; other rows once, unless the list has to be begun again.

    Attributes:
        started: When the run began. No bookmark passes it, as a row may be dated in the future.
        page_size: The most rows to ask for at once.
        created: The field that says when a row was created, or None where there is none.
        newest_first: Whether the list is promised to come newest first by that field.
        key: The replication key, or None where the list is read whole.
        lookback_days: How far behind the bookmark rows are read again.
        full_since: The oldest replication key that is wanted at all, or None.
        filtered: Whether old rows may enter the list: then it is read down to `full_since`.
        cut_off: Whether the API itself leaves out rows older than `stop_at`.
        previous: What the last complete read left.
        resume: What an interrupted read left since then.
        listed_twice: Ids that the list is known to show twice.
        next_request: The page to ask for, or None at the end.
        total: Rows in the list, by the last response.
        first_total: Likewise by the first one; None before that.
        shown: Rows in all responses.
        rows: Rows handed out.
        repeats: Rows that came again.
        proof: How it is known that no row was missed, once it is: `chain` or `count`;
            `observed_order` where the order is not promised, but was seen; `agreement` where no
            count agrees with the list's total, but two readings do.
        not_in_order: Why a list that is promised in order is counted all the same, or "".
        unverified_reason: Why rows may be missing after `next_request` became None.
        nameless: What is wrong with the first row that has no usable id, and the page it was on.
    """

    started: str
    page_size: int
    created: str | None = None
    newest_first: bool = False
    key: str | None = None
    lookback_days: float = 0
    full_since: str | None = None
    filtered: bool = False
    cut_off: bool = False
    previous: Bookmark | None = None
    resume: ResumePoint | None = None
    listed_twice: frozenset[str] = frozenset()

    next_request: PageRequest | None = None
    total: int = 0
    first_total: int | None = None
    requests: int = 0
    shown: int = 0
    rows: int = 0
    repeats: int = 0
    proof: str | None = None
    unverified_reason: str | None = None
    not_in_order: str = ""
    nameless: tuple[str, PageRequest] | None = None

    _chain: Chain | None = None
    _count: Count | None = None
    _descent: Descent | None = None
    _stop_at: str = ""
    _recent: set[str] = field(default_factory=set)
    _recent_before: set[str] = field(default_factory=set)
    _latest: str = ""
    _newest: str = ""
    _date: str = ""
    _stale: int = 0
    _distrusted: bool = False
    _checksum: int = 0
    _forgot_ids: bool = False
    _may_have_repeated: bool = False

    def __post_init__(self) -> None:
        """Begin at the head of the list."""
        since = self.full_since or ""
        self._stop_at = max(since, "" if self.filtered else self._reread_from)
        if self.resume:
            self._stop_at = min(self._stop_at, self.resume.stop_at)
        if self.newest_first and self.key and not self.cut_off:
            self._descent = Descent(
                self._stop_at or None,
                self.full_since,
                self.lookback_days,
                None if self.filtered else self.previous,
                self.resume,
            )
        if self.newest_first or self.created:
            self._chain = Chain(self.page_size)
        if not self.newest_first:
            self._count = self._new_count(self.page_size)
        self.next_request = PageRequest(1, self.page_size)

    def feed(self, page: Page) -> list[Row]:
        """Take the response to `next_request`; return its rows that are wanted and new."""
        self.requests += 1
        self.shown += len(page.rows)
        if self._is_stale(page):
            return []
        page = self._sized(page)
        self.total = page.total
        if self.first_total is None:
            self.first_total = page.total
        self._latest = self._latest or min(self.started, page.date or self.started)
        fresh = self._feed_chain(page) if self._chain else self._feed_count(page)
        self._note_newest(page)
        wanted = fresh
        if stop := self.stop_at:
            wanted = [row for row in fresh if row.key is None or row.key >= stop]
        if page.nameless:
            wanted = self._named(wanted, page)
        self.rows += len(wanted)
        self._checksum += id_checksum(wanted)
        return wanted

    def page_vanished(self) -> None:
        """Record that `next_request` does not exist any more, because rows left the list."""
        self.requests += 1
        try:
            if self._chain:
                self._chain.vanished()
                self.next_request = self._chain.next_request
                if self._chain.ended:
                    self._end(proof="chain")
        except CannotVerify as reason:
            self._drop_chain(str(reason))
        if not self._chain and self._count:
            self._count.vanished()
            self._take_count(self._count)

    def size_refused(self) -> bool:
        """Record that the API refuses `next_request`; return whether its size may be why."""
        if self.next_request is None or self.next_request.size == self.page_size:
            return False
        self.requests += 1
        self._keep_one_size(self.page_size, "the API refuses pages of other sizes")
        return True

    @property
    def stop_at(self) -> str | None:
        """The oldest replication key that is wanted in this run, or None."""
        stop = self._descent.stop_at if self._descent else self._stop_at
        return (stop or None) if self.key else None

    @property
    def entered_behind(self) -> int:
        """How many rows entered behind the bookmark since the last complete read."""
        return self._descent.entered_behind if self._descent else 0

    @property
    def left_out_older(self) -> bool:
        """Whether `full_since` keeps the run from reading as far as the last one would have it."""
        return not self.filtered and (self.full_since or "") > self._reread_from > ""

    @property
    def doubtful_end(self) -> bool:
        """Whether the total says that there are rows behind the end of the list."""
        return self._chain is not None and self._chain.doubtful_end

    @property
    def repeated(self) -> frozenset[str]:
        """Ids that the list shows twice, where that is why no count agrees with its total."""
        if self.proof == "count":
            return self.listed_twice
        return self._count.repeated if self._count and self.proof == "agreement" else frozenset()

    @property
    def may_cover_entire_list(self) -> bool:
        """Whether the read, as far as it is known now, will go through the whole list."""
        return not self.stop_at and self.resume is None

    @property
    def covered_entire_list(self) -> bool:
        """Whether this read alone went through the whole list and left no row out."""
        if self.proof not in {"chain", "count"} or self.stop_at or self._distrusted:
            return False
        if self.proof == "count" and self._count and not self._count.explains_entries:
            return False
        jumped = self._descent is not None and self._descent.jumped
        chain = self._chain if self.proof == "chain" else None
        return not jumped and (chain is None or (chain.ended and not chain.doubtful_end))

    @property
    def passes(self) -> int:
        """How often the list was begun from its first page to be counted."""
        return self._count.passes if self._count else 1

    @property
    def newest(self) -> str | None:
        """The newest replication key that was read and is not of the future, if there is one."""
        return self._newest or None

    @property
    def id_checksum(self) -> int | None:
        """The checksum of the ids handed out by a proven read, where each came once."""
        certain = self.proof and not self._may_have_repeated
        return self._checksum if certain else None

    @property
    def bookmark(self) -> Bookmark | None:
        """What may be remembered after a proven read; None where no row had a key."""
        value = max(
            self._newest,
            self.previous.value if self.previous else "",
            self.resume.newest if self.resume else "",
        )
        if not value:
            return None
        if self.cut_off or self.filtered or not self.newest_first:
            return Bookmark(value)
        if self._descent and self._chain:
            return Bookmark(value, self._descent.older(self._chain, value))
        # The order was not believed: the next run finds more than that, and reads to the end.
        return Bookmark(value, OlderRows({before(value, minutes=LATE_MINUTES): 0}))

    @property
    def resume_point(self) -> ResumePoint | None:
        """What may be remembered of the read if it is interrupted now."""
        if self._descent is None or self.filtered or self.nameless:
            return None
        return self._descent.resume_point(self._chain, self._newest) if self._chain else None

    # Responses

    def _named(self, wanted: list[Row], page: Page) -> list[Row]:
        """Leave out the rows that have no usable id, and note the first of them."""
        missing = [row.id for row in wanted if row.id in page.nameless]
        if missing and not self.nameless:
            self.nameless = page.nameless[missing[0]], page.request
        return [row for row in wanted if row.id not in page.nameless]

    def _is_stale(self, page: Page) -> bool:
        """Whether a page is of an earlier time than the one before; another is asked for then.

        Its size differs, so that no cache has it.
        """
        earliest = before(self._date, seconds=_SECONDS_APART) if self._date else ""
        if not page.cached and (page.date or earliest) >= earliest:
            self._date, self._stale = page.date or self._date, 0
            return False
        self._stale += 1
        request = page.request
        self.next_request = PageRequest(request.number, max(1, request.size - 1))
        if self._stale > _MOST_STALE_PAGES:
            self._end(
                unverified="its responses are older than those before them, as out of a cache"
            )
        return True

    def _sized(self, page: Page) -> Page:
        """Return a page with its size, and keep to that: a server may clamp or ignore it."""
        shown, asked = len(page.rows), page.request.size
        limit = page.limit
        if not limit:
            more = page.has_more or (page.request.number == 1 and page.total > shown)
            limit = shown if shown > asked or (more and shown) else asked
        if limit > asked:
            self._keep_one_size(limit, "the API ignores the size of pages")
        for reader in (self._chain, self._count):
            if reader and limit < asked:
                reader.largest = min(limit, reader.largest)
        # The slower of two clocks makes no newer row look older.
        return replace(page, limit=limit, asked=page.asked and min(page.asked, self.started))

    def _feed_chain(self, page: Page) -> list[Row]:
        chain = self._chain
        assert chain  # noqa: S101 (for the type checker)
        oldest = chain.oldest
        try:
            joined = chain.feed(page)
        except CannotVerify as reason:
            self._drop_chain(str(reason))
            if page.request.number == 1 or not self.newest_first:
                return self._feed_count(page)
            return []
        if not self.newest_first:
            return self._feed_both(page, chain, joined=joined)
        if not joined:
            self.next_request = chain.next_request
            return []
        fresh = self._fresh(page, newer(chain.keys, oldest))
        self._note_newest(page)
        descent = self._descent
        ended = descent.feed(page, chain, self._newest) if descent else chain.ended
        self.next_request = chain.next_request
        if ended:
            self._end(proof="chain")
        # A group that is longer than a page is read several times.
        if not chain.in_group and len(self._recent) > _PAGES_REMEMBERED * self.page_size:
            self._forgot_ids = bool(self._recent_before)
            self._recent_before, self._recent = self._recent, set()
        stop, rows = self.stop_at, list(fresh.values())
        handed_out = (row.id for row in rows if (row.key or "~") >= stop) if stop else fresh
        self._recent.update(handed_out)
        return rows

    def _fresh(self, page: Page, known: int) -> dict[str, Row]:
        """Return the rows of a page that had not come before, as far as that is remembered.

        Args:
            page: A page that joins.
            known: How many of its first rows lie where all had been read.
        """
        fresh = self._not_recent(page.rows)
        self.repeats += len(page.rows) - len(fresh)
        if self._forgot_ids and fresh:
            # It entered late, or was handed out long ago: nobody remembers.
            first = next(iter(fresh))
            late = any(row.id == first for row in page.rows[:known])
            self._may_have_repeated = self._may_have_repeated or late
        return fresh

    def _feed_both(self, page: Page, chain: Chain, *, joined: bool) -> list[Row]:
        """Count a list of no promised order, and see whether it has one all the same."""
        fresh = self._feed_count(page, joins=joined)
        if self.proof or self.unverified_reason:
            return fresh
        if chain.ended and chain.full_pages >= _FEWEST_ORDERED_PAGES:
            self._end(proof="observed_order")
        elif chain.ended or chain.in_group or chain.in_doubt:
            self._chain = None
        else:
            self.next_request = chain.next_request
        return fresh

    def _feed_count(self, page: Page, *, joins: bool | None = None) -> list[Row]:
        assert self._count  # noqa: S101
        fresh = list(self._not_recent(self._count.feed(page, joins=joins)).values())
        self.repeats += len(page.rows) - len(fresh)
        self._take_count(self._count)
        return fresh

    def _not_recent(self, rows: t.Iterable[Row]) -> dict[str, Row]:
        """Return rows by id, without those that the pages before this one have handed out."""
        fresh = {row.id: row for row in rows}
        for known in (self._recent, self._recent_before):
            for row_id in known.intersection(fresh):
                del fresh[row_id]
        return fresh

    def _take_count(self, count: Count) -> None:
        self.next_request = count.next_request
        if count.next_request is None:
            self._end(proof=count.proof, unverified=count.failed)

    def _keep_one_size(self, size: int, reason: str) -> None:
        """Count the rows by pages of this size, as the API has no others."""
        count = self._drop_chain(reason, one_size=True)
        count.keep_one_size(size)
        self.next_request = count.next_request

    def _drop_chain(self, reason: str, *, one_size: bool = False) -> Count:
        """Do not believe in an order any more: count the rows, from the first page on."""
        in_group = self._chain is not None and self._chain.in_group
        self._chain = self._descent = None
        self._may_have_repeated = self._may_have_repeated or self._forgot_ids
        self.not_in_order = reason if self.newest_first else ""
        if self._count is None:
            self._count = self._new_count(self.page_size)
            # Where the order of ties depends on the page, two readings may miss the same row.
            self._count.may_agree = not in_group
            self._distrusted = not one_size
            # Where there is no order, old rows may be new to the list.
            self._stop_at = self.full_since or ""
        self.next_request = self._count.next_request
        return self._count

    def _new_count(self, size: int) -> Count:
        return Count(size, dated=self.created is not None, listed_twice=self.listed_twice)

    def _end(self, *, proof: str | None = None, unverified: str = "") -> None:
        self.next_request, self.proof = None, proof
        self.unverified_reason = None if proof else unverified

    def _note_newest(self, page: Page) -> None:
        """Note the newest key of a row that is not dated in the future.

        Of a list in order, that of its head when the reading began: the moments at which rows
        are counted go by it.
        """
        if self.key and not (self._newest and self._chain):
            keys = (row.key for row in page.rows)
            known = max((key for key in keys if key and key <= self._latest), default="")
            self._newest = max(self._newest, known)

    @property
    def _reread_from(self) -> str:
        """Where the last complete read and the lookback would have the run stop."""
        return reread_from(self.previous.value, self.lookback_days) if self.previous else ""
