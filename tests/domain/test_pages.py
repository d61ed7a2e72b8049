"""Pages and cursors, and where a phone stands in the feed."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import NOBODY
from domain.errors import BadArgument
from domain.pages import DEFAULT_SIZE, MAX_SIZE, PageRequest, cursor, page_request, parse_cursor
from domain.sync import SNAPSHOT_KINDS, Position, position, stamp_of
from tests.domain.cast import actor

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def encoded(raw: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(raw).encode()).decode().rstrip("=")


NO_CURSORS = (
    *("", "x", "????", "W10x", "灯", "W", " ", "Ww==", "[]", "null", "W10=\n"),
    *(encoded(raw) for raw in ("x", {}, {"a": "b"}, 1, None, [1], [None], [["a"]], ["a", 1])),
    "W" * 5_000 + "A",
    base64.urlsafe_b64encode(b"[" * 90_000).decode(),
)


@given(key=st.lists(texts, max_size=4).map(tuple))
def test_a_cursor_is_read_as_it_was_written(key: tuple[str, ...]) -> None:
    assert parse_cursor(cursor(key)) == key
    assert cursor(key).isascii()
    assert "=" not in cursor(key)


@pytest.mark.parametrize("value", NO_CURSORS)
def test_what_is_no_cursor_is_nothing_and_a_bad_argument(value: str) -> None:
    assert parse_cursor(value) is None
    with pytest.raises(BadArgument, match="after is no cursor"):
        page_request(20, value)


@given(value=st.text())
def test_no_text_whatever_upsets_it(value: str) -> None:
    found = parse_cursor(value)

    assert found is None or all(isinstance(part, str) for part in found)


def test_half_a_character_in_a_cursor_is_no_cursor() -> None:
    """No database can be asked for a lone surrogate; a cursor of ours never has one."""
    assert parse_cursor(encoded(["\ud800"])) is None


@pytest.mark.parametrize("moment", ["", "x", "2026-11-23", "2026-11-23T10:00:00", "2026-13-01T00:00:00+00:00"])
def test_a_cursor_of_a_list_by_time_begins_with_a_moment(moment: str) -> None:
    with pytest.raises(BadArgument, match="after is no cursor of this list"):
        page_request(20, cursor((moment, "task")), parts=2)
    assert page_request(20, cursor(("2026-11-23T10:00:00+00:00", "task")), parts=2).after is not None


def test_a_cursor_of_another_list_is_a_bad_argument() -> None:
    with pytest.raises(BadArgument, match="after is no cursor of this list"):
        page_request(20, cursor(("2026-11-23T10:00:00+00:00",)), parts=2)
    with pytest.raises(BadArgument, match="before is no cursor of this list"):
        page_request(None, None, 5, cursor(("a", "b")))


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (None, None, PageRequest(DEFAULT_SIZE)),
        (20, None, PageRequest(20)),
        (0, None, PageRequest(0)),
        (100, None, PageRequest(100)),
        (101, None, PageRequest(MAX_SIZE)),
        (10**9, None, PageRequest(MAX_SIZE)),
        (None, 5, PageRequest(5, is_backward=True)),
        (20, 5, PageRequest(5, is_backward=True)),
        (None, 101, PageRequest(MAX_SIZE, is_backward=True)),
    ],
)
def test_a_page_has_as_many_rows_as_asked_and_a_hundred_at_most(first: int | None, last: int | None, expected: PageRequest) -> None:
    assert page_request(first, None, last) == expected


def test_a_page_begins_after_or_ends_before_a_cursor() -> None:
    assert page_request(5, cursor(("a",))) == PageRequest(5, after=("a",))
    assert page_request(None, None, 5, cursor(("a",))) == PageRequest(5, before=("a",), is_backward=True)


HERE = cursor(("a",))


@pytest.mark.parametrize(
    ("first", "after", "last", "before"),
    [
        (5, None, 5, None),
        (None, HERE, 5, None),
        (None, None, None, HERE),
        (5, HERE, None, HERE),
        (-1, None, None, None),
        (None, None, -1, None),
    ],
)
def test_paging_that_contradicts_itself_is_a_bad_argument(
    first: int | None, after: str | None, last: int | None, before: str | None
) -> None:
    with pytest.raises(BadArgument):
        page_request(first, after, last, before)


# --- The feed.

READER = actor("resident-1")
positions = st.builds(
    Position, st.just(stamp_of(READER)), st.integers(0, 2**62), st.one_of(st.none(), st.integers(0, len(SNAPSHOT_KINDS) - 1)), texts
)


@given(where=positions)
def test_a_position_is_read_as_it_was_written(where: Position) -> None:
    assert position(where.encode(), READER) == where
    assert where.is_snapshot == (where.snapshot_kind is not None)


def test_with_other_rights_a_phone_starts_from_nothing() -> None:
    assert position(Position(stamp_of(READER), 7).encode(), actor("resident-2")) is None


def test_equal_rights_have_equal_stamps_and_other_rights_others() -> None:
    everybody = [actor(handle) for handle in ("resident-1", "resident-2", "grid-worker-1", "dispatcher-1")] + [NOBODY]

    assert stamp_of(actor("resident-1")) == stamp_of(READER)
    assert len({stamp_of(reader) for reader in everybody}) == len(everybody)


STAMP = stamp_of(READER)
NO_POSITIONS = (
    *NO_CURSORS,
    *(cursor(parts) for parts in [(), ("a",), (STAMP, "1", ""), (STAMP, "1", "", "", "")]),
    *(cursor((STAMP, number, "", "")) for number in ("", "x", "-1", "1.5", "²", " 1")),
    *(cursor((STAMP, "1", kind, "")) for kind in ("3", "x", "-1", "²", "99")),
)


@pytest.mark.parametrize("value", NO_POSITIONS)
def test_what_is_no_position_is_a_bad_argument(value: str) -> None:
    with pytest.raises(BadArgument):
        position(value, READER)


@pytest.mark.parametrize("parts", [("9" * 5_000, ""), ("1", "9" * 5_000), ("9" * 30, "")])
def test_a_number_that_no_feed_reaches_is_a_bad_argument(parts: tuple[str, str]) -> None:
    """Python reads no number of 5,000 digits, and the database none above 2**63: both would end as a fault of ours."""
    with pytest.raises(BadArgument):
        position(cursor((STAMP, *parts, "")), READER)
