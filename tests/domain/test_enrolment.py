"""The code that is read out across a counter, and whom somebody may hand one."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts import FROZEN_DAYS, MOST_PERSONS, UNUSED_DAYS, Account, is_stale, linked
from domain.enrolment import DIGITS, IssuedCode, in_groups, list_code, read_code, with_check_digit
from domain.errors import RefusalCode, Refused
from domain.identity import SignIn
from domain.people import Person
from domain.slips import COLUMNS, columns_of, slip

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
drawn = st.from_regex(r"[0-9]{7}", fullmatch=True)
places = st.integers(0, DIGITS - 1)


@given(drawn=drawn)
def test_a_code_is_eight_digits_in_two_groups_and_is_read_as_it_was_printed(drawn: str) -> None:
    digits = with_check_digit(drawn)

    assert len(digits) == DIGITS
    assert in_groups(digits) == f"{digits[:4]} {digits[4:]}"
    assert read_code(in_groups(digits)) == digits


@given(drawn=drawn, between=st.sampled_from(["", " ", "-", "－", "\u3000", " - "]), is_wide=st.booleans())
def test_how_it_is_typed_does_not_matter(drawn: str, between: str, is_wide: bool) -> None:
    digits = with_check_digit(drawn)
    typed = f" {digits[:4]}{between}{digits[4:]} "
    if is_wide:
        typed = typed.translate(str.maketrans("0123456789", "０１２３４５６７８９"))

    assert read_code(typed) == digits


@given(drawn=drawn, place=places, other=st.integers(1, 9))
def test_any_one_wrong_digit_is_no_code_at_all(drawn: str, place: int, other: int) -> None:
    digits = with_check_digit(drawn)
    wrong = str((int(digits[place]) + other) % 10)

    assert read_code(digits[:place] + wrong + digits[place + 1 :]) is None


@given(text=st.text(max_size=80))
def test_whatever_is_typed_is_a_code_or_nothing(text: str) -> None:
    read = read_code(text)

    assert read is None or (len(read) == DIGITS and read.isascii() and with_check_digit(read[:-1]) == read)


@given(lines=st.lists(st.text(st.characters(blacklist_categories=("Cc", "Cs")), max_size=200), max_size=8))
def test_every_line_of_a_slip_fits_the_paper_and_nothing_is_lost(lines: list[str]) -> None:
    printed = slip(lines)

    assert all(columns_of(line) <= COLUMNS for line in printed.split("\n"))
    assert "".join("".join(lines).split()) == "".join(printed.split())


def test_a_chinese_character_takes_two_columns() -> None:
    assert (columns_of("绑定码 1234"), columns_of("code")) == (11, 4)
    assert slip(["一" * 22]) == "一" * 21 + "\n一"
    assert slip(["word " * 10]).split("\n")[0] == "word word word word word word word word"


def test_a_code_is_not_written_where_values_are_written() -> None:
    issued = IssuedCode(Person("pers", "990101101", "王秀芳"), "12345678", NOW)

    assert "12345678" not in repr(issued)
    assert issued.code == "1234 5678"
    assert [line.params for line in issued.slip()][1:4] == [{"alias": "王某某"}, {"code": "1234 5678"}, {"until": "2026-11-23 10:00"}]
    assert IssuedCode(issued.person, None, None).slip() == ()


def test_a_code_of_the_list_is_one_short_line_or_none() -> None:
    assert (list_code(None), list_code("  "), list_code(" A-17 ")) == ("", "", "A-17")
    for bad in ("A\n17", "长" * 65):
        with pytest.raises(Refused):
            list_code(bad)


# ---- whom a sign-in is linked to


def sign_in(uid: str = "uid") -> SignIn:
    return SignIn(uid, NOW, NOW + timedelta(hours=1))


def person(number: int, township: str = "990101101") -> Person:
    return Person(f"pers_{number}", township, f"某{number}")


def account(*numbers: int, last_used_day: date = TODAY) -> Account:
    return Account("uid", "990101101", tuple(f"pers_{number}" for number in numbers), last_used_day)


def test_the_first_code_makes_the_account_and_others_join() -> None:
    first = linked(None, sign_in(), person(1), NOW)

    assert first == account(1)
    assert linked(first, sign_in(), person(2), NOW) == account(1, 2)
    assert linked(first, sign_in(), person(1), NOW) == first


def test_a_stale_account_is_forgotten_with_all_its_persons() -> None:
    old = account(1, 2, last_used_day=TODAY - timedelta(days=UNUSED_DAYS + 1))

    assert linked(old, sign_in(), person(2), NOW) == account(2)


@given(days=st.integers(0, 1_000))
def test_an_account_is_stale_after_half_a_year_without_use_and_not_before(days: int) -> None:
    stayed = SignIn("uid", NOW - timedelta(days=days), NOW + timedelta(hours=1))
    assert is_stale(TODAY - timedelta(days=days), stayed, NOW) is (days > UNUSED_DAYS)


@given(days=st.integers(0, 1_000))
def test_a_check_of_the_number_that_is_much_newer_than_the_last_use_proves_nothing(days: int) -> None:
    assert is_stale(TODAY - timedelta(days=days), sign_in(), NOW) is (days >= FROZEN_DAYS)


def test_there_are_never_more_than_can_be_chosen_from_nor_of_two_townships() -> None:
    full = account(*range(MOST_PERSONS))

    for other, code in ((person(9), RefusalCode.LIMIT_REACHED), (person(9, "990202202"), RefusalCode.WRONG_STATE)):
        with pytest.raises(Refused) as no:
            linked(full, sign_in(), other, NOW)
        assert no.value.refusal.code is code


def test_commands_of_a_sign_in_do_not_name_it() -> None:
    assert "uid" not in sign_in("uid-17").author.removeprefix("sign-in-")
    assert sign_in("a").author != sign_in("b").author
