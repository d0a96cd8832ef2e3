"""Back-off, Retry-After and the pace of a host: research/security.md F8."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.crawl.politeness import BACKOFF_S, Pace, backoff_s, check_status, host_wait_s, retry_after_s
from leakwatch.errors import FetchFailed, PutOff, Refused

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
DAY_S = 86400.0


class FakeTime:
    """A monotonic clock that only sleeping moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> float:
        """The seconds so far."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Pass the time at once, waking a little early the first time, as real clocks do."""
        self.seconds += seconds * 0.9 if seconds > 1 else seconds
        await asyncio.sleep(0)


@pytest.mark.parametrize(("failures", "rung"), [*enumerate(BACKOFF_S), (9, DAY_S), (1000, DAY_S), (-1, 0)])
def test_ladder(failures: int, rung: float) -> None:
    """Each failure in a row climbs one rung, from nothing to a day."""
    assert backoff_s(failures, None, 0.0) == rung
    assert backoff_s(failures, None, 1.0) == pytest.approx(rung * 1.1)


@pytest.mark.parametrize(("asked", "waits"), [(None, 300), (0, 300), (299, 300), (301, 301), (DAY_S, DAY_S)])
def test_longer_wish_of_the_site_wins(asked: float | None, waits: float) -> None:
    """The site's Retry-After wins where it is longer than the ladder's rung."""
    assert backoff_s(1, asked, 0.0) == waits


@settings(deadline=None)
@given(st.integers(), st.none() | st.floats(min_value=0, max_value=DAY_S), st.floats(allow_nan=False))
def test_backoff_is_bounded(failures: int, asked: float | None, jitter: float) -> None:
    """The wait is never shorter than what the site asked for and never longer than a day and a tenth."""
    assert (asked or 0.0) <= backoff_s(failures, asked, jitter) <= DAY_S * 1.1 + 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0), (" 7 ", 7.0), ("0", 0.0), ("-5", 0.0), ("1.5", 1.5), ("315360000", DAY_S), ("9" * 300, DAY_S),
        (format_datetime(NOW + timedelta(minutes=2), usegmt=True), 120.0),
        (format_datetime(NOW - timedelta(minutes=2), usegmt=True), 0.0),
        (format_datetime(NOW + timedelta(days=3650), usegmt=True), DAY_S),
        ("Sunday, 01-Mar-26 12:00:30 GMT", 30.0), ("Sun Mar  1 12:00:30 2026", 30.0), ("Sun, 01 Mar 2026 14:00:30 +0200", 30.0),
        ("", None), ("soon", None), ("NaN", None), ("inf", None), ("1e9", None), ("12 seconds", None), ("0x10", None),
        ("Sun, 32 Mar 2026 12:00:00 GMT", None), ("١٢", None), ("Sun, 01 Mar 99999999999 12:00:00 GMT", None), ("--5", None),
    ],
)  # fmt: skip
def test_retry_after(value: str, seconds: float | None) -> None:
    """Retry-After is seconds or a date, at least nothing and at most a day; nonsense is ignored."""
    assert retry_after_s({"retry-after": value}, NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 90)}, 90.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH - 90)}, 0.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH * 1000 + 90000)}, 90.0),
        ({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "241"}, 241.0),
        ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": str(EPOCH + 90)}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "later"}, None),
        ({"x-ratelimit-remaining": "0"}, None),
        ({"x-ratelimit-reset": "30"}, 30.0),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "30"}, 30.0),
        ({"ratelimit": "limit=100, remaining=0, reset=30"}, 30.0),
        ({"ratelimit": "limit=100, remaining=5, reset=30"}, None),
        ({"ratelimit": '"default";r=0;t=55'}, 55.0),
        ({"ratelimit": '"day";r=50;t=3000, "burst";r=0;t=5'}, 5.0),
        ({"ratelimit": "nonsense"}, None),
        ({"retry-after": "5", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 90)}, 5.0),
        ({"retry-after": "soon", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 90)}, 90.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 10**7)}, DAY_S),
    ],
)
def test_quota_headers(headers: dict[str, str], seconds: float | None) -> None:
    """Without Retry-After the reset of a used-up quota counts, in each of the dialects; Retry-After comes first."""
    assert retry_after_s(headers, NOW) == seconds


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["retry-after", "ratelimit", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit-reset"]
        ),
        st.text(max_size=30) | st.text('0123456789.,;=rt- "', max_size=40),
    )
)
def test_any_header_is_a_wait_or_nothing(headers: dict[str, str]) -> None:
    """Whatever a server writes gives no wait, or one between nothing and a day."""
    wait = retry_after_s(headers, NOW)
    assert wait is None or 0 <= wait <= DAY_S


@pytest.mark.parametrize("status", [200, 201, 204, 206, 299, 304, 404, 410])
def test_answers(status: int) -> None:
    """Success, not modified and gone are answers."""
    check_status("a.test", status, {}, NOW)


@pytest.mark.parametrize("status", [400, 401, 403, 405, 407, 418, 429, 451, 499, 503])
def test_refusals(status: int) -> None:
    """Any other 4xx, and 503, is the site's no; it names the host and the status and keeps the wait."""
    with pytest.raises(Refused, match=f"a.test: HTTP {status}.*pause of 9 s") as caught:
        check_status("a.test", status, {"retry-after": "9"}, NOW)
    assert (caught.value.retry_after_s, caught.value.permanent) == (9.0, False)


@pytest.mark.parametrize("status", [101, 300, 302, 305, 500, 502, 504, 520, 599])
def test_failures(status: int) -> None:
    """Server errors and answers that make no sense are failures of the transfer."""
    with pytest.raises(FetchFailed, match=f"a.test: HTTP {status}$") as caught:
        check_status("a.test", status, {}, NOW)
    assert caught.value.retry_after_s is None


async def test_starts_are_apart() -> None:
    """Requests to one host start at least the interval apart, in the order they came."""
    time, starts = FakeTime(), list[tuple[int, float]]()
    pace = Pace(time.now, time.sleep)

    async def visit(number: int) -> None:
        async with pace.slot("a.test:80", 2.0):
            starts.append((number, time.now()))

    await asyncio.gather(*(visit(number) for number in range(5)))
    assert [number for number, _ in starts] == [0, 1, 2, 3, 4]
    assert starts[0][1] == 1000.0
    gaps = [later[1] - earlier[1] for earlier, later in itertools.pairwise(starts)]
    assert all(2.0 <= gap < 2.001 for gap in gaps)


async def test_one_at_a_time_per_host() -> None:
    """A host has one visitor at a time, even without an interval; other hosts do not wait for it."""
    pace, inside, most, other = Pace(), 0, 0, list[str]()
    leave = asyncio.Event()

    async def visit(host: str) -> None:
        nonlocal inside, most
        async with pace.slot(host, 0.0):
            if host == "b.test:80":
                other.append(host)
                leave.set()
                return
            inside += 1
            most = max(most, inside)
            await leave.wait()
            inside -= 1

    await asyncio.gather(*(visit(host) for host in ["a.test:80"] * 3 + ["b.test:80"]))
    assert (most, other) == (1, ["b.test:80"])


async def test_longer_interval_of_the_neighbour_holds() -> None:
    """A site that asked for much room on a shared host gets it before and after its request."""
    time = FakeTime()
    pace, starts = Pace(time.now, time.sleep), list[float]()
    for interval_s in (0.0, 10.0, 0.0, 0.0):
        async with pace.slot("a.test:80", interval_s):
            starts.append(time.now())
    assert [round(start - 1000.0, 3) for start in starts] == [0.0, 10.0, 20.0, 20.0]


async def test_pause_counts_from_the_sending() -> None:
    """A turn may be taken long before its request goes out; the pause is between what the server sees."""
    time = FakeTime()
    pace = Pace(time.now, time.sleep)
    async with pace.slot("a.test:80", 5.0) as sent:
        time.seconds += 3.0  # a connection is opened
        sent()
        time.seconds += 1.0  # the answer comes
    async with pace.slot("a.test:80", 5.0):
        assert time.now() == pytest.approx(1008.0)


async def test_failed_or_cancelled_visit_frees_the_host() -> None:
    """An error inside a slot, and a waiter that gives up, leave the host free for the next."""
    pace = Pace()
    with pytest.raises(ZeroDivisionError):
        async with pace.slot("a.test:80", 0.0):
            raise ZeroDivisionError
    async with pace.slot("a.test:80", 0.0):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), pace.slot("a.test:80", 0.0):
                pytest.fail("two at a time")
    async with asyncio.timeout(1), pace.slot("a.test:80", 0.0):
        pass


async def test_idle_hosts_are_forgotten_but_not_their_pause() -> None:
    """Thousands of hosts leave no trace, while a host with a pause to keep is remembered."""
    time = FakeTime()
    pace = Pace(time.now, time.sleep)
    async with pace.slot("slow.test:80", 5.0):
        pass
    for number in range(2000):
        async with pace.slot(f"h{number}.test:80", 0.0):
            pass
    assert len(pace) <= 513
    async with pace.slot("slow.test:80", 0.0):
        assert time.now() == pytest.approx(1005.0)


async def test_budget_of_an_hour() -> None:
    """So many requests an hour start on a host, by whichever site; what would wait for long is put off."""
    clock = FakeTime()
    pace = Pace(clock.now, clock.sleep)
    for _ in range(3):
        async with pace.slot("a", 0.0, 3):
            clock.seconds += 1
    for limit in (3, 0, 100):
        with pytest.raises(PutOff, match="budget of 3 requests an hour") as told:
            async with pace.slot("a", 0.0, limit):
                pass
        assert told.value.retry_after_s == pytest.approx(3597)
    clock.seconds += 3550
    async with pace.slot("a", 0.0, 3):
        assert clock.seconds == pytest.approx(1000 + 3600)
    async with pace.slot("b", 0.0):
        assert clock.seconds == pytest.approx(1000 + 3600)


async def test_a_quota_that_is_used_up() -> None:
    """A host that says that its quota is empty is left alone until it is full again."""
    clock = FakeTime()
    pace = Pace(clock.now, clock.sleep)
    async with pace.slot("a", 0.0):
        pace.rest("a", 30.0)
    async with pace.slot("a", 0.0):
        assert clock.seconds == pytest.approx(1030)
        pace.rest("a", 600.0)
    with pytest.raises(PutOff, match="what it grants is used up for 600 s"):
        async with pace.slot("a", 0.0):
            pass


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (200, {}, 0),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 40)}, 40),
        (200, {"x-ratelimit-remaining": "1", "x-ratelimit-reset": str(EPOCH + 40)}, 0),
        (200, {"ratelimit": '"default";r=0;t=50'}, 50),
        (200, {"ratelimit-remaining": "0", "ratelimit-reset": "9999999"}, DAY_S),
        (200, {"retry-after": "30"}, 0),
        (403, {"retry-after": "30"}, 0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 40)}, 40),
        (429, {}, 0),
        (429, {"retry-after": "30"}, 30),
        (429, {"retry-after": "9999999"}, DAY_S),
        (429, {"retry-after": "-5"}, 0),
    ],
)
def test_pause_for_a_whole_host(status: int, headers: dict[str, str], seconds: float) -> None:
    """An empty quota makes any answer ask for a pause of its host, and so does a 429 that names one."""
    assert host_wait_s(status, headers, NOW) == seconds
