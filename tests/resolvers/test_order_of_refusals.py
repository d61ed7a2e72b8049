"""A command with several faults is refused for the first of the contract's order, whatever the rest is."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from domain.errors import RefusalCode
from domain.places import GeoPoint
from domain.requests import Grade, Verdict
from domain.tasks import ContactKind, Outcome, ReturnReason
from resolvers.requests import AnswerFollowUp, SubmitRequest, answer_follow_up, submit_request
from resolvers.tasks import (
    AcknowledgeTask,
    AssignTask,
    CompleteTask,
    DecideReturn,
    ReturnTask,
    StartTask,
    VerifyTask,
    acknowledge_task,
    assign_task,
    complete_task,
    decide_return,
    return_task,
    start_task,
    verify_task,
)
from tests.resolvers.conftest import Deeds

ORDER = [
    RefusalCode.SIGN_IN_REQUIRED,
    RefusalCode.INVALID_INPUT,
    RefusalCode.NOT_FOUND,
    RefusalCode.NOT_ALLOWED,
    RefusalCode.CONFLICT,
    RefusalCode.WRONG_STATE,
    RefusalCode.OUTSIDE_AREA,
]
NOWHERE, OUTSIDE = GeoPoint(200, 0), GeoPoint(1, 1)
NO_ID = "pers_990101101_" + "f" * 32
# Each fault of a submission with the code that it alone gives; any of them together give the first of the order.
FAULTS: dict[str, tuple[RefusalCode, dict[str, Any]]] = {
    "text": (RefusalCode.INVALID_INPUT, {"text": ""}),
    "address": (RefusalCode.INVALID_INPUT, {"address": "\x00"}),
    "no such point": (RefusalCode.INVALID_INPUT, {"location": NOWHERE}),
    "item": (RefusalCode.NOT_FOUND, {"item_id": "item_000000000_" + "f" * 32}),
    "household": (RefusalCode.NOT_FOUND, {"household_id": "home_990101101_" + "f" * 32}),
    "attachment": (RefusalCode.NOT_FOUND, {"attachment_ids": ["x"]}),
    "about nobody": (RefusalCode.NOT_FOUND, {"about_person_id": NO_ID}),
    "about no unit": (RefusalCode.NOT_FOUND, {"about_unit_id": "unit"}),
    "for nobody": (RefusalCode.NOT_FOUND, {"on_behalf_of_id": NO_ID}),
    "outside": (RefusalCode.OUTSIDE_AREA, {"location": OUTSIDE}),
}


async def code_of(deeds: Deeds, faults: list[str], by: str = "resident-1") -> RefusalCode:
    sent = SubmitRequest(uuid4(), deeds.item("stairwell-lamp"), "灯不亮")
    for name in faults:
        sent = replace(sent, **FAULTS[name][1])
    return (await deeds.refused(submit_request, sent, by)).code


@pytest.mark.parametrize("fault", FAULTS)
async def test_each_fault_alone_is_told_by_its_own_code(fault: str, deeds: Deeds) -> None:
    assert await code_of(deeds, [fault]) is FAULTS[fault][0]


PAIRS = [(one, other) for one in FAULTS for other in FAULTS if one < other and not set(FAULTS[one][1]) & set(FAULTS[other][1])]


async def test_of_two_faults_the_first_of_the_order_is_told(deeds: Deeds) -> None:
    wrong = {}
    for one, other in PAIRS:
        expected = min(FAULTS[one][0], FAULTS[other][0], key=ORDER.index)
        if "outside" in {one, other} and "household" in {one, other}:
            expected = RefusalCode.NOT_FOUND  # where a home is named, the point does not matter
        found = await code_of(deeds, [one, other])
        if found is not expected:
            wrong[f"{one} and {other}"] = found.value

    assert wrong == {}


async def test_without_sign_in_nothing_else_is_told(deeds: Deeds) -> None:
    assert await code_of(deeds, list(FAULTS), by="nobody") is RefusalCode.SIGN_IN_REQUIRED


async def test_who_may_not_ask_for_somebody_is_told_so_only_after_what_is_missing(deeds: Deeds) -> None:
    neighbour = next(p for p in deeds.planned.persons if p.household_id == deeds.home("resident-1").id)
    sent = SubmitRequest(
        uuid4(), deeds.item("stairwell-lamp"), "灯不亮", on_behalf_of_id=neighbour.id, household_id=deeds.home("resident-1").id
    )

    async def code(by: str, **changes: Any) -> RefusalCode:
        return (await deeds.refused(submit_request, replace(sent, **changes), by)).code

    assert await code("secretary-1") is RefusalCode.NOT_ALLOWED
    assert await code("secretary-1", about_unit_id="unit") is RefusalCode.NOT_FOUND
    assert await code("secretary-1", text=" ") is RefusalCode.INVALID_INPUT


async def test_an_id_that_was_used_does_not_hide_what_is_wrong_with_the_contents(deeds: Deeds) -> None:
    sent = SubmitRequest(uuid4(), deeds.item("stairwell-lamp"), "灯不亮")
    await deeds.do(submit_request, sent, "resident-1")

    assert (await deeds.refused(submit_request, replace(sent, text=""), "resident-1")).code is RefusalCode.INVALID_INPUT
    assert (await deeds.refused(submit_request, replace(sent, text="别的事"), "resident-1")).code is RefusalCode.COMMAND_MISMATCH


# --- Verbs on a task: what is wrong with the input, then whether it is there, who, which version, which state.

MISSING = "task_990101101_" + "f" * 32
UNREADABLE = ["", "task", "req_990101101_" + "0" * 32, "task_990101102_" + "0" * 32, "🙂"]


async def test_an_id_that_cannot_be_read_is_not_found(deeds: Deeds) -> None:
    for id_ in [*UNREADABLE, MISSING]:
        assert (await deeds.refused(acknowledge_task, AcknowledgeTask(uuid4(), id_), "grid-worker-1")).code is RefusalCode.NOT_FOUND
        answer = AnswerFollowUp(uuid4(), id_, Verdict.SOLVED, Grade.SATISFIED)
        assert (await deeds.refused(answer_follow_up, answer, "resident-1")).code is RefusalCode.NOT_FOUND


async def test_bad_words_are_told_before_all_else(deeds: Deeds) -> None:
    sent: list[tuple[Any, Any]] = [
        (assign_task, AssignTask(uuid4(), MISSING, NO_ID, note="\x00")),
        (start_task, StartTask(uuid4(), MISSING, ContactKind.CALL, note="\x00")),
        (return_task, ReturnTask(uuid4(), MISSING, ReturnReason.OTHER, note=" ")),
        (decide_return, DecideReturn(uuid4(), MISSING, approved=False)),
        (decide_return, DecideReturn(uuid4(), MISSING, approved=True, reason="长" * 2001)),
        (complete_task, CompleteTask(uuid4(), MISSING, Outcome.SOLVED, note="")),
        (verify_task, VerifyTask(uuid4(), MISSING, passed=False, reason="\n")),
        (answer_follow_up, AnswerFollowUp(uuid4(), MISSING, Verdict.SOLVED, Grade.SATISFIED, words="\x07")),
    ]
    for deed, command in sent:
        assert (await deeds.refused(deed, command, "grid-worker-1")).code is RefusalCode.INVALID_INPUT
        assert (await deeds.refused(deed, command, "nobody")).code is RefusalCode.SIGN_IN_REQUIRED


async def test_a_contact_that_is_wanted_is_told_before_who_and_where(deeds: Deeds) -> None:
    task = await deeds.brought_to("ASSIGNED")
    for by in ("grid-worker-1", "grid-leader-1", "resident-1"):
        no = await deeds.refused(start_task, StartTask(uuid4(), task.id, None, expected_version=99), by)
        assert (no.code, no.field) == (RefusalCode.INVALID_INPUT, "contact")

    assert (await deeds.refused(start_task, StartTask(uuid4(), task.id, None), "grid-worker-2")).code is RefusalCode.NOT_FOUND


async def test_hidden_comes_before_not_yours_before_stale_before_wrong_state(deeds: Deeds) -> None:
    task = await deeds.brought_to("ACKNOWLEDGED")
    stale = AcknowledgeTask(uuid4(), task.id, expected_version=1)

    assert (await deeds.refused(acknowledge_task, stale, "grid-worker-2")).code is RefusalCode.NOT_FOUND
    assert (await deeds.refused(acknowledge_task, stale, "grid-leader-1")).code is RefusalCode.NOT_ALLOWED
    assert (await deeds.refused(acknowledge_task, stale, "grid-worker-1")).code is RefusalCode.CONFLICT
    assert (await deeds.refused(acknowledge_task, replace(stale, expected_version=2), "grid-worker-1")).code is RefusalCode.WRONG_STATE


async def test_a_person_who_can_get_no_task_is_told_before_who_may_give_it(deeds: Deeds) -> None:
    task = await deeds.brought_to("COMPLETED")
    for handle in ("resident-1", "administrator-1"):
        sent = AssignTask(uuid4(), task.id, deeds.id_of(handle), expected_version=99)
        assert (await deeds.refused(assign_task, sent, "grid-worker-1")).code is RefusalCode.NOT_FOUND
