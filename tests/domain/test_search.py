"""What a text is found by, and what a query asks for: the rules of the search without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.errors import BadArgument
from domain.ports import RequestQuery
from domain.requests import RequestState
from domain.search import possible_names, sought, tokens_of

HAN = some.sampled_from("楼道灯不亮水管漏电梯停老人一二三")
TEXTS = some.text(HAN | some.sampled_from("，。 \nabcWiFi0123456789-"), min_size=1, max_size=60)


def is_found(query: str, text: str, *names: str) -> bool:
    asked = sought(query)
    return set(asked.tokens) <= set(tokens_of(text, names)) and asked.is_in(text)


def test_a_run_of_chinese_is_its_characters_and_its_pairs() -> None:
    assert set(tokens_of("灯不亮，水")) == {"灯", "不", "亮", "灯不", "不亮", "水"}


def test_a_word_in_letters_or_digits_is_its_beginnings() -> None:
    assert set(tokens_of("WiFi 501")) == {"w", "wi", "wif", "wifi", "5", "50", "501"}
    assert max(map(len, tokens_of("a" * 100))) == 12


def test_a_query_asks_for_the_fewest_tokens() -> None:
    assert sought("灯不亮 水 WiFi灯").tokens == ("灯不", "不亮", "水", "wifi", "灯")
    assert sought("a" * 20).tokens == ("a" * 12,)


def test_pairs_that_stand_apart_are_not_the_word() -> None:
    assert not is_found("灯不亮", "灯不好，天不亮")
    assert is_found("灯不亮", "路灯不亮了")


@pytest.mark.parametrize("text", ["", " ", "？！…", "12345", "1-2-3-4-5", "１２３４５", "共12 345个", "一二三四五", "灯" * 51])
def test_what_asks_for_nothing_or_for_a_number_is_refused(text: str) -> None:
    with pytest.raises(BadArgument):
        sought(text)


def test_names_are_left_out_and_what_stands_beside_them_stays() -> None:
    tokens = tokens_of("我是王秀芳住三楼", ["王秀芳"])

    assert set(tokens) == {"我", "是", "我是", "住", "三", "楼", "住三", "三楼"}


def test_the_longer_of_two_names_goes_first() -> None:
    assert "芳" not in tokens_of("王秀芳", ["王秀", "王秀芳"])


def test_whatever_could_be_a_name_is_asked_for() -> None:
    names = possible_names(["王秀芳的灯", "Ann Lee"])

    assert {"王秀", "王秀芳", "秀芳", "的灯", "Ann", "Lee", "Ann Lee"} <= names
    assert not any(len(name) < 2 for name in names)


def test_a_query_says_by_what_it_is_narrowed_and_never_by_which_words() -> None:
    query = RequestQuery(states=(RequestState.CLOSED,), overdue=False, sought=sought("灯"))

    assert query.narrowed_by == ("states", "overdue", "text")
    assert RequestQuery().narrowed_by == ()


@given(TEXTS, some.data())
def test_every_part_of_a_run_of_chinese_finds_its_text(text: str, data: some.DataObject) -> None:
    runs = [run for run in "".join(c if c > "\u3400" else " " for c in text).split() if run]
    if not runs:
        return
    run = data.draw(some.sampled_from(runs))
    start = data.draw(some.integers(0, len(run) - 1))
    part = run[start : data.draw(some.integers(start + 1, len(run)))]
    try:
        sought(part)
    except BadArgument:  # five Chinese figures
        return
    if not any(figure in part for figure in "一二三"):  # which may belong to a number
        assert is_found(part, text)


@given(TEXTS, TEXTS)
def test_nothing_is_found_that_is_not_written_there(query: str, text: str) -> None:
    try:
        found = is_found(query, text)
    except BadArgument:
        return
    assert not found or all(part in text.casefold() for part in sought(query).parts)


@given(TEXTS, some.text("0123456789", min_size=5, max_size=18), TEXTS)
def test_no_number_leaves_a_token(before: str, number: str, after: str) -> None:
    added = set(tokens_of(f"{before}灯{number}灯{after}")) - set(tokens_of(f"{before}灯\n灯{after}"))

    assert added == set()
