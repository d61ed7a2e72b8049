"""Human text: complete in both languages, short where it must be, and in the reader's language."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Message
from domain.messages import DEFAULT_LANGUAGE, LANGUAGES, Messages, language_of
from domain.notices import NoticeKind
from domain.requests import RequestState
from domain.tasks import TaskState
from server.wiring import load_messages

ROOT = Path(__file__).parents[2]
FLOORS = ("domain", "resolvers", "schema", "adapters", "server")
MESSAGES = load_messages()
TEXTS = MESSAGES.texts
KEYS = sorted(TEXTS[DEFAULT_LANGUAGE])
MADE_BY_CALLS = {"Message": 0, "refused": 1, "invalid": 0}
"""Which argument of these calls is the key."""


def parameters(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@dataclass(frozen=True)
class Made:
    """Where the product makes a message, by which call, from which keys of the catalogue, with which parameters."""

    place: str
    call: str
    keys: list[str]
    parameters: set[str]


def made() -> Iterator[Made]:
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MADE_BY_CALLS:
                    key, given_names = node.args[MADE_BY_CALLS[node.func.id]], {str(keyword.arg) for keyword in node.keywords}
                    yield Made(f"{path.relative_to(ROOT)}:{node.lineno}", node.func.id, keys_of(key), given_names)


def keys_of(key: ast.expr) -> list[str]:
    """The keys that an expression may give: itself, either side of a choice, or whatever an f-string may become."""
    if isinstance(key, ast.Constant):
        return [str(key.value)]
    if isinstance(key, ast.IfExp):
        return keys_of(key.body) + keys_of(key.orelse)
    if not isinstance(key, ast.JoinedStr):
        return []
    texts = [str(part.value) if isinstance(part, ast.Constant) else "" for part in key.values]
    return [known for known in KEYS if known.startswith(texts[0]) and known.endswith(texts[-1])]


HANDED_ON = "domain/errors.py"
"""Where the calls themselves are written: their key is an argument."""


def test_both_languages_have_the_same_keys() -> None:
    assert set(TEXTS) == set(LANGUAGES)
    assert {language: sorted(texts) for language, texts in TEXTS.items()} == dict.fromkeys(LANGUAGES, KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_both_languages_have_the_same_parameters_and_say_something(key: str) -> None:
    texts = [TEXTS[language][key] for language in LANGUAGES]

    assert parameters(texts[0]) == parameters(texts[1])
    assert all(text.strip() == text != "" for text in texts)


def test_every_key_that_the_product_uses_is_in_the_catalogue() -> None:
    uses = [use for use in made() if not use.place.startswith(HANDED_ON)]

    assert [use for use in uses if not use.keys] == []
    assert [(use.place, key) for use in uses for key in use.keys if key not in KEYS] == []
    assert len(uses) > 40


def test_every_key_of_the_catalogue_is_used() -> None:
    assert set(KEYS) - {key for use in made() for key in use.keys} == set()


def test_every_parameter_of_a_refusal_is_given() -> None:
    refusals = [use for use in made() if use.call in {"refused", "invalid"}]

    assert [use for use in refusals for key in use.keys if use.parameters - {"current"} != parameters(TEXTS["en"][key])] == []


def test_every_state_and_every_notice_has_its_words() -> None:
    statuses = {f"status.{state.value.lower()}" for state in RequestState if state is not RequestState.IN_HAND}
    statuses |= {"status.merged_answered", "status.merged_ended"}
    in_hand = {f"status.in_hand.{state.value.lower()}" for state in TaskState} | {"status.in_hand.reworked", "status.in_hand.waiting"}
    notices = {f"notice.{kind.value}.{part}" for kind, part in product(NoticeKind, ("title", "body"))}

    assert {key for key in KEYS if key.startswith(("status.", "notice."))} == statuses | in_hand | notices


@pytest.mark.parametrize("key", [key for key in KEYS if key.startswith("status.")])
def test_a_status_fits_on_a_small_screen(key: str) -> None:
    assert len(TEXTS["zh-CN"][key]) <= 20
    assert len(TEXTS["en"][key]) <= 60
    assert parameters(TEXTS["en"][key]) == set()


@pytest.mark.parametrize("key", [key for key in KEYS if key.startswith("push.")])
def test_a_push_has_no_place_for_anything_of_the_matter(key: str) -> None:
    assert all(parameters(TEXTS[language][key]) == set() for language in LANGUAGES)


def test_english_has_no_chinese_in_it() -> None:
    assert all(text.isascii() for text in TEXTS["en"].values())


# --- Rendering.


def test_a_message_is_rendered_in_the_language_asked_for_else_in_chinese() -> None:
    message = Message("refusal.text_too_long", {"limit": 2000})

    assert MESSAGES.render(message, "en") == "Too long: at most 2000 characters."
    assert MESSAGES.render(message, "zh-CN") == MESSAGES.render(message, "fr") == "内容过长，最多 2000 个字。"


@given(name=st.text())
def test_what_is_put_into_a_sentence_is_not_read_as_one(name: str) -> None:
    messages = Messages({"zh-CN": {"greeting": "你好，{name}！"}})

    assert messages.render(Message("greeting", {"name": name}), "zh-CN") == f"你好，{name}！"
    assert messages.render(Message("greeting", {"name": "{name}{0}%s"}), "zh-CN") == "你好，{name}{0}%s！"


@pytest.mark.parametrize(
    ("preferences", "expected"),
    [
        (None, "zh-CN"),
        ("", "zh-CN"),
        ("*", "zh-CN"),
        ("zh", "zh-CN"),
        ("zh-TW", "zh-CN"),
        ("zh-Hans-CN,zh;q=0.9", "zh-CN"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("zh-CN,en;q=0.9", "zh-CN"),
        ("zh-CN;q=0.5,en;q=0.6", "en"),
        ("fr-FR, en;q=0.3", "en"),
        ("fr-FR", "zh-CN"),
        ("en;q=0", "zh-CN"),
        ("en;q=0,zh;q=0", "zh-CN"),
        ("en;q=fast,zh;q=0.1", "zh-CN"),
        ("english", "zh-CN"),
        (" en , zh ", "en"),
        (",,;q=1,en", "en"),
        ("en\n", "en"),
    ],
)
def test_the_language_is_the_best_that_is_spoken_here(preferences: str | None, expected: str) -> None:
    assert language_of(preferences) == expected


@pytest.mark.parametrize("preferences", ["en ;q=0.8", "en ; q=0.8", "en; q=0.8", "en\t;\tq=0.8", "en;Q=0.8", "zh;q=0.1, en ;q=0.8"])
def test_white_space_and_capitals_around_a_weight_mean_nothing(preferences: str) -> None:
    """RFC 9110, 12.4.2: `weight = OWS ";" OWS "q=" qvalue`, and quoted words of the grammar are read in either case."""
    assert language_of(preferences) == "en"


@given(preferences=st.text(st.sampled_from("enzh-CN;q=0.5, *\n灯"), max_size=600))
def test_any_preference_whatever_is_one_of_the_languages(preferences: str) -> None:
    assert language_of(preferences) in LANGUAGES
