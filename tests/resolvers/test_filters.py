"""Filters of a desk: one's own, a few, ids and states only."""

from asyncio import gather
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.board import QueueKind
from domain.errors import RefusalCode, Refused
from domain.filters import MOST_FILTERS, SavedFilter, SavedQueue, SavedRequestFilter, SavedTaskFilter
from domain.pages import PageRequest
from domain.requests import RequestState
from domain.subject_requests import SubjectRequestKind
from domain.tasks import TaskState
from resolvers.filters import RemoveFilter, SaveFilter, own_filters, remove_filter, save_filter
from resolvers.own_data import own_data
from resolvers.subject_requests import DecideSubjectRequest, RequestOwnData, decide_subject_request, request_own_data
from tests.reorganising import keep
from tests.resolvers.conftest import Deeds

LATE = SavedTaskFilter(states=(TaskState.IN_PROGRESS,), overdue=True)


async def save(deeds: Deeds, name: str = "逾期", by: str = "dispatcher-1", tasks: SavedTaskFilter | None = LATE) -> Sequence[SavedFilter]:
    kept: Sequence[SavedFilter] = await deeds.do(save_filter, SaveFilter(uuid4(), name, tasks=tasks), by)
    return kept


async def own(deeds: Deeds, by: str = "dispatcher-1") -> list[str]:
    return [kept.name for kept in await own_filters(by=await deeds.actor(by), ports=deeds.ports)]


async def test_a_filter_is_kept_as_it_was_given_for_its_owner_alone(deeds: Deeds) -> None:
    requests = SavedRequestFilter((RequestState.IN_HAND,), item_ids=(deeds.item("gas-smell"),), submitted_after=deeds.clock())
    queue = SavedQueue(QueueKind.UNROUTED, deeds.unit("柳湾镇党委"))
    await save(deeds)
    await deeds.do(save_filter, SaveFilter(uuid4(), "燃气", requests=requests), "dispatcher-1")
    kept = await deeds.do(save_filter, SaveFilter(uuid4(), " 待派单 ", queue=queue), "dispatcher-1")

    assert [(each.name, each.tasks, each.requests, each.queue) for each in kept] == [
        ("逾期", LATE, None, None),
        ("燃气", None, requests, None),
        ("待派单", None, None, queue),
    ]
    assert list(kept) == list(await own_filters(by=await deeds.actor("dispatcher-1"), ports=deeds.ports))
    assert (await own(deeds, "secretary-1"), await own(deeds, "nobody")) == ([], [])


async def test_the_same_name_is_the_same_filter_written_anew(deeds: Deeds) -> None:
    [first] = await save(deeds)
    deeds.clock.advance(minutes=1)
    [again] = await save(deeds, tasks=replace(LATE, overdue=False))

    assert again == replace(first, tasks=replace(LATE, overdue=False), saved_at=first.saved_at + timedelta(minutes=1))


async def test_one_is_removed_and_a_repeat_changes_nothing(deeds: Deeds) -> None:
    kept = [(await save(deeds, name))[-1] for name in ("一", "二")]
    sent = RemoveFilter(uuid4(), kept[0].id)
    for is_replay in (False, True):
        done = await remove_filter(sent, by=await deeds.actor("dispatcher-1"), ports=deeds.ports)
        assert ([each.name for each in done.subject], done.is_replay) == (["二"], is_replay)

    assert (await deeds.refused(remove_filter, RemoveFilter(uuid4(), kept[1].id), "secretary-1")).code is RefusalCode.NOT_FOUND
    assert (await deeds.refused(remove_filter, RemoveFilter(uuid4(), kept[0].id), "dispatcher-1")).code is RefusalCode.NOT_FOUND
    assert await own(deeds) == ["二"]


async def test_twenty_are_enough_however_many_are_saved_at_once(deeds: Deeds) -> None:
    dispatcher = await deeds.actor("dispatcher-1")
    sent = [SaveFilter(uuid4(), f"第{number}个", tasks=LATE) for number in range(MOST_FILTERS + 3)]
    ends = await gather(*(save_filter(each, by=dispatcher, ports=deeds.ports) for each in sent), return_exceptions=True)

    refused = [end for end in ends if isinstance(end, BaseException)]
    assert [isinstance(end, Refused) and end.refusal.code for end in refused] == [RefusalCode.LIMIT_REACHED] * 3
    assert len(set(await own(deeds))) == MOST_FILTERS


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "名" * 41}),
        ("queue", {"tasks": None}),
        ("queue", {"requests": SavedRequestFilter()}),
        ("queue", {"tasks": None, "queue": SavedQueue(QueueKind.OVERDUE, "柳湾镇")}),
        ("tasks", {"tasks": SavedTaskFilter(assignee_id="王某")}),
        ("tasks", {"tasks": SavedTaskFilter(unit_id="组织")}),
        ("tasks", {"tasks": SavedTaskFilter(grid_ids=("grid_990101101_" + "f" * 32,) * 101)}),
        ("requests", {"tasks": None, "requests": SavedRequestFilter(item_ids=("某人欠费",))}),
        ("requests", {"text": "漏水"}),
    ],
)
async def test_words_have_no_place_in_it(field: str, changes: dict[str, object], deeds: Deeds) -> None:
    sent = replace(SaveFilter(uuid4(), "筛选", tasks=LATE), **changes)  # type: ignore[arg-type]

    refusal = await deeds.refused(save_filter, sent, "dispatcher-1")
    assert (refusal.code, refusal.field) == (RefusalCode.INVALID_INPUT, field)


@pytest.mark.parametrize(("by", "code"), [("grid-worker-1", "NOT_ALLOWED"), ("resident-1", "NOT_ALLOWED"), ("nobody", "SIGN_IN_REQUIRED")])
async def test_only_a_desk_keeps_filters(by: str, code: str, deeds: Deeds) -> None:
    assert (await deeds.refused(save_filter, SaveFilter(uuid4(), "筛选", tasks=LATE), by)).code.value == code


async def test_they_are_in_the_copy_of_ones_data_and_go_with_the_person(deeds: Deeds) -> None:
    await save(deeds, by="secretary-1")
    asked = await deeds.do(request_own_data, RequestOwnData(uuid4(), SubjectRequestKind.DELETE), "secretary-1")
    copy = await own_data(PageRequest(1), by=await deeds.actor("secretary-1"), ports=deeds.ports)
    assert copy is not None
    assert copy.person is not None
    assert copy.person.filters == ("逾期",)
    assert "own_data.filters" in {message.key for line in copy.lines() for message in line}

    posts = [post for post in deeds.planned.parts.appointments if post.person_id == deeds.id_of("secretary-1")]
    today = deeds.clock().date()
    await keep(deeds.house, deeds.planned.township_code, *(replace(post, until=today) for post in posts))
    await deeds.do(decide_subject_request, DecideSubjectRequest(uuid4(), asked.id, done=True), "privacy-officer-1")
    assert await deeds.house.mongo.collection("saved_filters").count_documents({}) == 0
