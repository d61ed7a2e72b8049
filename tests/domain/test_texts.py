"""What may be written, and that what was written is what is read."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import RefusalCode, Refused
from domain.texts import MAX_CHARACTERS, optional_text, required_text

plain = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40)
anything = st.text(max_size=60)


def key_of_refusal(value: str) -> str | None:
    """Why a text is refused, as the key of the sentence."""
    try:
        required_text(value, "text")
    except Refused as no:
        return no.refusal.message.key
    return None


@given(value=anything)
def test_what_is_accepted_comes_back_as_it_was_less_outer_white_space(value: str) -> None:
    if key_of_refusal(value) is None:
        kept = required_text(value, "text")
        assert kept == value.replace("\r\n", "\n").strip()
        assert kept.encode().decode() == kept
        assert required_text(kept, "text") == kept


@given(value=anything)
def test_what_is_accepted_has_no_control_character_but_line_breaks(value: str) -> None:
    if key_of_refusal(value) is None:
        kept = required_text(value, "text")
        assert all(character == "\n" or unicodedata.category(character) not in {"Cc", "Cs"} for character in kept)


@pytest.mark.parametrize("value", ["🙂", "👨‍👩‍👧‍👦 一家人", "👍🏽", "🇨🇳", "❤️", "𠮷野家", "e\u0301", "ﾊﾝｶｸ", "灯\n不亮", "«мир»"])
def test_emoji_and_every_script_are_kept_to_the_last_byte(value: str) -> None:
    assert required_text(value, "text").encode() == value.encode()


@pytest.mark.parametrize("value", ["", " ", "\n\n", "\u3000", " \t "])
def test_nothing_written_is_refused_where_something_is_wanted(value: str) -> None:
    assert key_of_refusal(value) == "refusal.text_empty"
    assert optional_text(value, "note") is None


def test_what_was_not_given_is_nothing() -> None:
    assert optional_text(None, "note") is None


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x9b", "\r", "\t", "\ud800"])
def test_control_characters_are_refused(character: str) -> None:
    assert key_of_refusal(f"灯{character}坏了") == "refusal.text_control_characters"


@pytest.mark.parametrize("character", list("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
def test_marks_that_turn_a_text_round_are_refused(character: str) -> None:
    assert key_of_refusal(f"付款{character}给我") == "refusal.text_control_characters"


def test_line_breaks_of_any_kind_of_phone_are_kept_as_one_kind() -> None:
    assert required_text("灯\r\n坏了\n\n谢谢", "text") == "灯\n坏了\n\n谢谢"


@given(value=plain.filter(lambda value: value.strip() == value != ""))
def test_up_to_two_thousand_characters_are_accepted(value: str) -> None:
    longest = (value * MAX_CHARACTERS)[:MAX_CHARACTERS]

    assert key_of_refusal(longest) in {None, "refusal.text_control_characters", "refusal.text_empty"}
    assert key_of_refusal(longest + "。") == "refusal.text_too_long"


def test_characters_are_counted_not_bytes() -> None:
    assert MAX_CHARACTERS == 2_000
    assert required_text("🙂" * 2_000, "text") == "🙂" * 2_000


def test_a_text_that_is_too_long_says_how_long_it_may_be() -> None:
    with pytest.raises(Refused) as no:
        required_text("长" * 2_001, "words")

    assert no.value.refusal.message.params == {"limit": 2_000}
    assert (no.value.refusal.code, no.value.refusal.field) == (RefusalCode.INVALID_INPUT, "words")
