"""What a phone did offline arrives in any order: acts on one task are put into the order of its life, all else stays where it was."""

from dataclasses import replace
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Refused
from domain.requests import Grade, Verdict
from domain.tasks import ContactKind, Outcome, ReturnReason
from resolvers.batch import DEEDS, in_order
from resolvers.requests import AnswerFollowUp, SubmitRequest
from resolvers.tasks import AcknowledgeTask, CompleteTask, ReturnTask, StartTask
from tests.resolvers.conftest import Deeds

ID = UUID(int=1)


def life(task_id: str) -> list[Any]:
    """What a worker does with a task, in order."""
    return [AcknowledgeTask(ID, task_id), StartTask(ID, task_id, ContactKind.CALL), CompleteTask(ID, task_id, Outcome.SOLVED, "好了")]


ASK, ANSWER = SubmitRequest(ID, "item", "灯不亮"), AnswerFollowUp(ID, "req", Verdict.SOLVED, Grade.SATISFIED)


def test_acts_on_one_task_are_done_in_the_order_of_its_life() -> None:
    for shuffled in permutations(life("task-1")):
        assert [placed.sent for placed in in_order(shuffled)] == life("task-1")


def test_each_answer_finds_the_place_of_its_command() -> None:
    batch = [ANSWER, life("task-1")[2], ASK, life("task-1")[0]]

    assert [placed.position for placed in in_order(batch)] == [0, 3, 2, 1]
    assert [placed.sent for placed in in_order(batch)] == [ANSWER, life("task-1")[0], ASK, life("task-1")[2]]


def test_a_return_follows_the_acknowledgement_and_several_tries_stay_as_they_were_made() -> None:
    tries = [replace(StartTask(ID, "t", ContactKind.CALL, reached=False), note=str(number)) for number in range(3)]
    given_back = ReturnTask(ID, "t", ReturnReason.OTHER, "不归我管")

    assert [placed.sent for placed in in_order([*tries, AcknowledgeTask(ID, "t")])] == [AcknowledgeTask(ID, "t"), *tries]
    assert [placed.sent for placed in in_order([given_back, AcknowledgeTask(ID, "t")])] == [AcknowledgeTask(ID, "t"), given_back]


commands = st.sampled_from([ASK, ANSWER, *life("task-1"), *life("task-2")])


@given(batch=st.lists(commands, max_size=12))
def test_nothing_is_lost_nor_made_and_nothing_leaves_the_places_of_its_task(batch: list[Any]) -> None:
    placed = in_order(batch)

    assert sorted(each.position for each in placed) == list(range(len(batch)))
    assert all(batch[each.position] is each.sent for each in placed)
    for before, after in zip(batch, placed, strict=True):
        assert getattr(before, "task_id", None) == getattr(after.sent, "task_id", None)
        assert hasattr(before, "task_id") or before is after.sent


async def test_a_worker_who_was_in_the_cellar_sends_everything_at_once(deeds: Deeds) -> None:
    task = await deeds.brought_to("ASSIGNED")
    worker = await deeds.actor("grid-worker-1")
    states = []
    for placed in in_order([replace(sent, command_id=uuid4()) for sent in reversed(life(task.id))]):
        try:
            states.append((await DEEDS[type(placed.sent)](placed.sent, by=worker, ports=deeds.ports)).subject.state.value)
        except Refused as no:
            states.append(no.refusal.code.value)

    assert states == ["ACKNOWLEDGED", "IN_PROGRESS", "COMPLETED"]
