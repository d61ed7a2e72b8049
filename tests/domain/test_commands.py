"""The same again is the same: a command's fingerprint, its key, and what an event says of a phone's clock."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from enum import Enum
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.commands import CLOCK, Command, digest
from domain.errors import RefusalCode, Refused, invalid, not_found, refused
from domain.events import Event, EventKind
from domain.measures import Measure
from domain.places import GeoPoint
from domain.tasks import ContactKind
from tests.domain.cast import MONDAY, id_of

values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text(), max_size=3), st.sampled_from(ContactKind), st.uuids()
)
contents = st.dictionaries(st.sampled_from(["task_id", "note", "reason", "reached", "expected_version", "contact"]), values)
METADATA = st.fixed_dictionaries({"command_id": st.uuids(), "device_time": st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))})


# On a busy machine the first draw alone may take longer than Hypothesis likes.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(given_fields=contents, first=METADATA, second=METADATA)
def test_the_key_and_the_phones_clock_are_no_contents(
    given_fields: Mapping[str, object], first: Mapping[str, object], second: Mapping[str, object]
) -> None:
    assert (
        digest("startTask", {**given_fields, **first})
        == digest("startTask", {**given_fields, **second})
        == digest("startTask", given_fields)
    )


@given(given_fields=contents)
def test_the_order_of_fields_and_what_was_given_as_nothing_mean_nothing(given_fields: Mapping[str, object]) -> None:
    backwards = dict(reversed(list(given_fields.items())))
    given_only = {name: value for name, value in given_fields.items() if value is not None}

    assert digest("startTask", backwards) == digest("startTask", given_fields) == digest("startTask", given_only)


def plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else str(value) if isinstance(value, UUID) else value


@given(one=contents, other=contents)
def test_other_contents_have_another_fingerprint(one: Mapping[str, object], other: Mapping[str, object]) -> None:
    said = [{name: (type(plain(value)), plain(value)) for name, value in each.items() if value is not None} for each in (one, other)]

    assert (digest("startTask", one) == digest("startTask", other)) == (said[0] == said[1])


def test_another_verb_is_another_command() -> None:
    assert digest("startTask", {"task_id": "x"}) != digest("acknowledgeTask", {"task_id": "x"})


def test_the_same_place_is_the_same_and_another_is_another() -> None:
    here = {"location": GeoPoint(35.2, 115.5)}

    assert digest("submitRequest", here) == digest("submitRequest", {"location": GeoPoint(35.20, 115.50)})
    assert digest("submitRequest", here) != digest("submitRequest", {"location": GeoPoint(35.2, 115.51)})


def test_lists_and_tuples_of_the_same_are_the_same_and_their_order_counts() -> None:
    assert digest("x", {"ids": ["a", "b"]}) == digest("x", {"ids": ("a", "b")})
    assert digest("x", {"ids": ["a", "b"]}) != digest("x", {"ids": ["b", "a"]})


def command(person_id: str = "pers-1") -> Command:
    return Command(person_id, UUID(int=1), "startTask", "d", MONDAY)


def test_the_key_is_the_person_with_the_id_so_two_phones_never_meet() -> None:
    assert command("pers-1").key != command("pers-2").key
    assert command().key == replace(command(), digest="other", at=MONDAY + timedelta(days=1)).key
    assert command().is_by_person
    assert not command(CLOCK).is_by_person


@pytest.mark.parametrize(
    ("ahead", "doubtful"), [(timedelta(minutes=5), False), (timedelta(minutes=5, seconds=1), True), (-timedelta(days=3650), False)]
)
def test_a_phone_that_says_the_future_is_doubted_and_one_that_was_offline_is_not(ahead: timedelta, *, doubtful: bool) -> None:
    event = Event("e", "990101101", None, None, EventKind.TASK_STARTED, id_of("grid-worker-1"), None, MONDAY, MONDAY + ahead, {})

    assert event.device_time_doubtful is doubtful
    assert not replace(event, device_time=None).device_time_doubtful


def test_kinds_of_events_are_named_as_they_are_kept_each_once() -> None:
    assert len({kind.value for kind in EventKind}) == len(EventKind)
    irregular = {"RequestWithdrawn", "RequestHandedOff", "DeferralReviewCame", "CampaignTaskGiven", "ReportHeld"}
    regular = [kind for kind in EventKind if "Failed" not in kind.value and kind.value not in irregular]
    assert all(kind.value.removeprefix("Task").removeprefix("Request").rstrip("k").endswith("ed") for kind in regular)


# --- The vocabulary of "no".


def test_a_refusal_names_its_code_its_words_its_field_and_how_it_stands() -> None:
    no = refused(RefusalCode.TOO_LATE, "refusal.return_too_late", "taskId", current="task", limit=3)

    assert isinstance(no, Refused)
    assert str(no) == "TOO_LATE: refusal.return_too_late"
    assert (no.refusal.field, no.refusal.current, no.refusal.message.params) == ("taskId", "task", {"limit": 3})


def test_what_is_missing_unreadable_or_hidden_has_one_answer() -> None:
    assert not_found("taskId").refusal == not_found("taskId").refusal
    assert not_found("taskId").refusal.code is RefusalCode.NOT_FOUND
    assert invalid("refusal.text_empty", "note").refusal.code is RefusalCode.INVALID_INPUT


def test_figures_are_of_units_and_empty_where_nothing_was_counted() -> None:
    measure = Measure("unit", "990101101", 0, 0)

    assert measure.on_time_rate is None
    assert measure.unit_id == "unit"
