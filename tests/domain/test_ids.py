"""Ids: taken apart as they were put together, in the order of time, and derived ones the same every time."""

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import NO_TOWNSHIP, Kind, Ref, compose, derived, first_id_at, is_of, key_of, parse, township_of, uuid7

TOWNSHIP = "990101101"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# 2020 to 2100: nothing was asked for before.
moments = st.integers(1_577_836_800_000, 4_102_444_800_000).map(lambda ms: EPOCH + timedelta(milliseconds=ms))
randomness = st.integers(0, (1 << 74) - 1)
kinds = st.sampled_from(Kind)
townships = st.from_regex(r"[0-9]{9}", fullmatch=True)


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


@given(kind=kinds, township=townships, at=moments, chance=randomness)
def test_an_id_is_taken_apart_as_it_was_put_together(kind: Kind, township: str, at: datetime, chance: int) -> None:
    key = uuid7(at, chance)
    id_ = compose(kind, township, key)

    assert parse(id_) == Ref(kind, township, key.hex)
    assert (township_of(id_), key_of(id_)) == (township, key.hex)
    assert [other for other in Kind if is_of(other, id_)] == [kind]


@given(at=moments, chance=randomness)
def test_a_uuid_is_of_version_seven_and_holds_its_millisecond_and_all_its_chance(at: datetime, chance: int) -> None:
    made = uuid7(at, chance)

    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == milliseconds(at)
    assert (made.int >> 64 & 0xFFF) << 62 | (made.int & ((1 << 62) - 1)) == chance


@given(pair=st.tuples(moments, moments).map(sorted), chances=st.tuples(randomness, randomness))
def test_ids_sort_by_the_moment_they_were_made(pair: list[datetime], chances: tuple[int, int]) -> None:
    earlier, later = (compose(Kind.TASK, TOWNSHIP, uuid7(at, chance)) for at, chance in zip(pair, chances, strict=True))

    assert pair[0] == pair[1] or earlier < later


@given(at=moments, chance=randomness)
def test_the_first_id_of_a_moment_is_not_above_any_id_of_it(at: datetime, chance: int) -> None:
    first = first_id_at(Kind.REQUEST, TOWNSHIP, at)

    assert first <= compose(Kind.REQUEST, TOWNSHIP, uuid7(at, chance))
    assert first > compose(Kind.REQUEST, TOWNSHIP, uuid7(at - timedelta(milliseconds=1), chance))


@pytest.mark.parametrize("at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC), datetime(1969, 12, 31, tzinfo=UTC)])
def test_moments_beyond_the_reach_of_ids_still_bound_a_list(at: datetime) -> None:
    assert parse(first_id_at(Kind.REQUEST, TOWNSHIP, at)) is not None


@given(at=moments, chance=randomness, salt=st.text(max_size=20))
def test_a_derived_id_is_the_same_every_time_and_of_the_moment_of_its_base(at: datetime, chance: int, salt: str) -> None:
    base = compose(Kind.EVENT, TOWNSHIP, uuid7(at, chance))
    made = derived(Kind.NOTICE, base, salt)

    assert made == derived(Kind.NOTICE, base, salt)
    assert made != derived(Kind.NOTICE, base, salt + "x")
    assert (parse(made) or parse(base)) == Ref(Kind.NOTICE, TOWNSHIP, key_of(made))
    assert int(key_of(made)[:12], 16) == milliseconds(at)
    assert UUID(key_of(made)).version == 7


def test_nothing_is_derived_from_what_is_no_id() -> None:
    with pytest.raises(ValueError, match="an id of this house"):
        derived(Kind.NOTICE, "event-1", "x")


NO_IDS = (
    *("", "task", "task_990101101_", f"task_{TOWNSHIP}_{'0' * 31}", f"task_{TOWNSHIP}_{'0' * 33}", f"task_{TOWNSHIP}_{'G' * 32}"),
    *(f"dog_{TOWNSHIP}_{'0' * 32}", f"TASK_{TOWNSHIP}_{'0' * 32}", f"task_99010110_{'0' * 32}", f" task_{TOWNSHIP}_{'0' * 32}"),
    *(f"task_{TOWNSHIP}_{'0' * 32}\n", f"task_９９０１０１１０１_{'0' * 32}", f"task_{TOWNSHIP}_{'٠' * 32}", f"task-{TOWNSHIP}-{'0' * 32}"),
)


@pytest.mark.parametrize("value", NO_IDS)
def test_what_is_no_id_is_nothing(value: str) -> None:
    assert parse(value) is None
    assert not any(is_of(kind, value) for kind in Kind)
    with pytest.raises(ValueError, match="not an id of this house"):
        township_of(value)


@given(value=st.text())
def test_no_text_whatever_upsets_it(value: str) -> None:
    assert parse(value) is None


def test_the_catalogue_belongs_to_no_township() -> None:
    assert parse(compose(Kind.ITEM, NO_TOWNSHIP, UUID(int=1))) == Ref(Kind.ITEM, NO_TOWNSHIP, UUID(int=1).hex)


def test_every_kind_has_a_word_of_its_own() -> None:
    assert all(parse(compose(kind, TOWNSHIP, UUID(int=1))) for kind in Kind)
