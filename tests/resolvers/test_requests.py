"""Asking: where it is, for whom, about whom, and who reads which words of it."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from adapters.mongo.catalogue import MongoCatalogue
from domain.errors import BadArgument, RefusalCode
from domain.items import MatterScope
from domain.pages import PageRequest, cursor, page_request
from domain.places import GeoPoint
from domain.ports import RequestQuery
from domain.requests import Grade, RequestState, Verdict
from domain.tasks import TaskState
from resolvers import households, requests
from resolvers.requests import AnswerFollowUp, SubmitRequest, submit_request
from resolvers.tasks import AcknowledgeTask, AssignTask, VerifyTask, acknowledge_task, assign_task, verify_task
from resolvers.withdrawals import WithdrawRequest, withdraw_request
from tests.resolvers.conftest import Deeds

IN_SECOND_GRID, OUTSIDE = GeoPoint(35.202, 115.506), GeoPoint(1, 1)


async def test_whoever_names_no_place_means_home(deeds: Deeds) -> None:
    request = await deeds.submit()

    assert request.household_id == deeds.home("resident-1").id
    assert request.place.grid_id == deeds.home("resident-1").residence_grid_id
    assert (request.state, request.version) == (RequestState.IN_HAND, 1)


async def test_a_point_counts_before_the_own_home_and_a_named_home_before_the_point(deeds: Deeds) -> None:
    at_point = await deeds.submit(location=IN_SECOND_GRID)
    at_home = await deeds.submit(location=IN_SECOND_GRID, household_id=deeds.home("resident-1").id)
    far_away = await deeds.submit(location=OUTSIDE, household_id=deeds.home("resident-1").id)

    assert (at_point.household_id, at_point.place.grid_id) == (None, deeds.planned.parts.grids[1].id)
    assert at_home.household_id == far_away.household_id == deeds.home("resident-1").id


async def test_a_place_is_wanted_of_whoever_has_no_home_here(deeds: Deeds) -> None:
    sent = SubmitRequest(uuid4(), deeds.item("stairwell-lamp"), "灯不亮")
    no = await deeds.refused(submit_request, sent, "volunteer-1")

    assert (no.code, no.field, no.message.key) == (RefusalCode.INVALID_INPUT, "householdId", "refusal.place_wanted")


async def test_land_of_the_village_left_may_lie_outside_every_grid(deeds: Deeds) -> None:
    request = await deeds.submit("land-certificate", location=OUTSIDE)
    task = await deeds.lead(request)

    assert request.place.village_id == deeds.home("resident-1").origin_village_id
    assert (task.rule, task.grid_id) == ("3", None)


async def test_land_of_no_village_outside_every_grid_is_outside(deeds: Deeds) -> None:
    """A point was given: to ask for one would mislead."""
    sent = SubmitRequest(uuid4(), deeds.item("land-certificate"), "地界", location=OUTSIDE)
    no = await deeds.refused(submit_request, sent, "volunteer-1")

    assert (no.code, no.field) == (RefusalCode.OUTSIDE_AREA, "location")


async def test_whoever_left_no_village_is_served_by_the_items_rule(deeds: Deeds) -> None:
    request = await deeds.submit("land-certificate", by="volunteer-1", location=IN_SECOND_GRID)

    assert request.place.village_id is None
    assert (await deeds.lead(request)).rule == "5"


async def test_the_scope_may_be_another_than_the_items(deeds: Deeds) -> None:
    request = await deeds.submit("pension-form", scope=MatterScope.ORIGIN_VILLAGE)

    assert request.scope is MatterScope.ORIGIN_VILLAGE
    assert (await deeds.lead(request)).assignee_id == deeds.id_of("village-officer-1")


async def test_a_home_of_somebody_else_is_no_place_for_a_resident(deeds: Deeds) -> None:
    sent = SubmitRequest(uuid4(), deeds.item("stairwell-lamp"), "灯不亮", household_id=deeds.home("resident-2").id)

    assert (await deeds.refused(submit_request, sent, "resident-1")).field == "householdId"


async def test_a_helper_types_for_somebody_who_is_there_and_the_principal_has_the_last_word(deeds: Deeds) -> None:
    resident, home = deeds.id_of("resident-1"), deeds.home("resident-1").id
    request = await deeds.submit(by="link-member-1", household_id=home, on_behalf_of_id=resident)

    assert (request.on_behalf_of_id, request.submitted_by_id, request.judge_id) == (resident, deeds.id_of("link-member-1"), resident)
    assert [found.id for found in await requests.requests_by_ids([request.id], by=await deeds.actor("resident-1"), ports=deeds.ports)]


async def test_asking_for_oneself_is_not_asking_for_somebody(deeds: Deeds) -> None:
    assert (await deeds.submit(on_behalf_of_id=deeds.id_of("resident-1"))).on_behalf_of_id is None


@pytest.mark.parametrize("principal", ["resident-2", "grid-worker-1"])
async def test_nobody_asks_for_somebody_who_does_not_live_there(principal: str, deeds: Deeds) -> None:
    home = deeds.home("resident-1").id
    sent = SubmitRequest(uuid4(), deeds.item("pension-form"), "代办", household_id=home, on_behalf_of_id=deeds.id_of(principal))

    assert (await deeds.refused(submit_request, sent, "grid-leader-1")).code is RefusalCode.NOT_FOUND


async def test_without_a_home_there_is_nobody_to_ask_for(deeds: Deeds) -> None:
    sent = SubmitRequest(uuid4(), deeds.item("pension-form"), "代办", location=IN_SECOND_GRID, on_behalf_of_id=deeds.id_of("resident-1"))

    assert (await deeds.refused(submit_request, sent, "grid-leader-1")).field == "onBehalfOfId"


@pytest.mark.parametrize("handle", ["resident-2", "hub-host-1", "link-member-1"])
async def test_nobodys_neighbour_is_complained_about(handle: str, deeds: Deeds) -> None:
    """Only posts on the notice board can be named (domain.md, section 12)."""
    sent = SubmitRequest(uuid4(), deeds.item("staff-conduct"), "反映", about_person_id=deeds.id_of(handle))

    assert (await deeds.refused(submit_request, sent, "resident-1")).field == "aboutPersonId"


async def test_a_complaint_is_kept_from_whom_it_is_about_and_shielded_from_all_others(deeds: Deeds) -> None:
    request = await deeds.submit("stairwell-lamp", about_person_id=deeds.id_of("grid-worker-1"))
    reader, accused = await deeds.actor("secretary-1"), await deeds.actor("grid-worker-1")
    shown = (await requests.requests_by_ids([request.id], by=reader, ports=deeds.ports))[0]

    assert await requests.requests_by_ids([request.id], by=accused, ports=deeds.ports) == []
    assert (shown.submitted_by_id, shown.household_id) == (None, None)
    assert (await deeds.lead(request)).assignee_id == deeds.id_of("secretary-1")


# --- Words.


async def test_words_that_tell_who_asked_are_left_out_where_it_is_shielded(deeds: Deeds) -> None:
    plain = await deeds.submit(address="三单元门口", location=IN_SECOND_GRID)
    shielded = await deeds.submit("staff-conduct", address="三单元501", text="态度不好")

    async def read(by: str) -> list[tuple[str | None, str | None]]:
        found = await requests.requests_by_ids([plain.id, shielded.id], by=await deeds.actor(by), ports=deeds.ports)
        words = await requests.words_of(found, by=await deeds.actor(by), ports=deeds.ports)
        return [(words[id_].text, words[id_].address) for id_ in (plain.id, shielded.id)]

    assert await read("resident-1") == [("灯不亮", "三单元门口"), ("态度不好", "三单元501")]
    assert await read("secretary-1") == [("灯不亮", "三单元门口"), ("态度不好", None)]
    assert await requests.words_of([], by=await deeds.actor("resident-1"), ports=deeds.ports) == {}


async def test_a_home_is_shown_with_its_link_only_to_those_who_have_a_key_to_it(deeds: Deeds) -> None:
    request = await deeds.submit("lift-repair")

    async def read(by: str) -> Any:
        found = await households.households_of_requests([request], by=await deeds.actor(by), ports=deeds.ports)
        return found[deeds.home("resident-1").id].link

    assert await read("resident-1") is not None
    assert await read("provider-worker-1") is None
    home = deeds.home("resident-1").id
    assert await households.households_by_ids([home], by=await deeds.actor("provider-worker-1"), ports=deeds.ports) == []


async def test_a_request_without_a_home_names_none(deeds: Deeds) -> None:
    request = await deeds.submit(location=IN_SECOND_GRID)

    assert await households.households_of_requests([request], by=await deeds.actor("resident-1"), ports=deeds.ports) == {}


# --- Reading.


async def test_a_number_opens_a_request_only_to_those_who_may_see_it(deeds: Deeds) -> None:
    request = await deeds.submit()

    async def found(by: str, number: str) -> bool:
        return await requests.request_by_number(number, by=await deeds.actor(by), ports=deeds.ports) is not None

    assert await found("resident-1", request.number)
    assert not await found("resident-2", request.number)
    assert not await found("nobody", request.number)
    assert not await found("resident-1", "990101101-261123-0000000-0")


async def test_requests_come_newest_first_and_shown_as_the_reader_may_see_them(deeds: Deeds) -> None:
    first, second = await deeds.submit(), await deeds.submit("staff-conduct")
    page = await requests.requests_page(RequestQuery(), PageRequest(10), by=await deeds.actor("secretary-1"), ports=deeds.ports)

    assert [request.id for request in page.rows] == [second.id, first.id]
    assert [request.submitted_by_id for request in page.rows] == [None, deeds.id_of("resident-1")]


async def test_a_cursor_at_the_edge_of_time_is_no_fault_of_ours(deeds: Deeds) -> None:
    early = page_request(20, cursor(("1970-01-01T00:00:00+14:00", "x")), parts=2)
    page = await requests.requests_page(RequestQuery(overdue=True), early, by=await deeds.actor("secretary-1"), ports=deeds.ports)

    assert page.rows == []
    with pytest.raises(BadArgument):
        page_request(20, cursor(("0001-01-01T00:00:00+14:00", "x")), parts=2)


# --- The same again.


async def test_the_same_again_is_the_same_request_with_one_event(deeds: Deeds) -> None:
    sent = SubmitRequest(uuid4(), deeds.item("stairwell-lamp"), "灯不亮", device_time=deeds.clock())
    first = await deeds.do(submit_request, sent, "resident-1")
    before = await deeds.contents()
    deeds.clock.advance(hours=1)
    again = await submit_request(sent, by=await deeds.actor("resident-1"), ports=deeds.ports)

    assert (again.is_replay, again.subject) == (True, first)
    assert await deeds.contents() == before


async def test_what_was_taken_on_stays_so_whatever_became_of_the_item(deeds: Deeds) -> None:
    sent = SubmitRequest(uuid4(), deeds.item("stairwell-lamp"), "灯不亮", household_id=deeds.home("resident-1").id)
    first = await deeds.do(submit_request, sent, "resident-1")
    households_of_town = deeds.house.mongo.collection("households")
    await households_of_town.delete_one({"id": deeds.home("resident-1").id})

    again = await submit_request(sent, by=await deeds.actor("resident-1"), ports=deeds.ports)
    assert (again.is_replay, again.subject.id) == (True, first.id)


async def test_two_people_may_use_one_id(deeds: Deeds) -> None:
    command_id = uuid4()
    one = await deeds.do(submit_request, SubmitRequest(command_id, deeds.item("stairwell-lamp"), "灯不亮"), "resident-1")
    other = await deeds.do(submit_request, SubmitRequest(command_id, deeds.item("stairwell-lamp"), "灯不亮"), "resident-2")

    assert one.id != other.id


class OneNumber:
    """Chance that has run dry: ids are made as ever, digits are always the same few."""

    def __init__(self, ids: Any, *digits: str) -> None:
        self._ids, self._digits = ids, list(digits)

    def new(self, *arguments: Any) -> str:
        return str(self._ids.new(*arguments))

    def digits(self, count: int) -> str:
        return self._digits.pop(0) if len(self._digits) > 1 else self._digits[0]


async def test_a_number_that_is_taken_is_passed_over(deeds: Deeds) -> None:
    ports = replace(deeds.ports, ids=OneNumber(deeds.ports.ids, "1111111", "1111111", "2222222"))
    by = await deeds.actor("resident-1")
    numbers = [
        (await submit_request(SubmitRequest(uuid4(), deeds.item("stairwell-lamp"), "灯不亮"), by=by, ports=ports)).subject.number
        for _ in range(2)
    ]

    assert ["1111111" in numbers[0], "2222222" in numbers[1]] == [True, True]
    with pytest.raises(RuntimeError, match="every number that chance gave was taken"):
        await submit_request(SubmitRequest(uuid4(), deeds.item("stairwell-lamp"), "灯不亮"), by=by, ports=ports)


# --- The last word.


async def test_the_resident_has_the_last_word_once(deeds: Deeds) -> None:
    task = await deeds.brought_to("COMPLETED")
    await deeds.do(verify_task, VerifyTask(uuid4(), task.id, passed=True), "grid-leader-1")
    sent = AnswerFollowUp(uuid4(), task.request_id or "", Verdict.SOLVED, Grade.VERY_SATISFIED, "谢谢")
    answered = await deeds.do(requests.answer_follow_up, sent, "resident-1")

    assert (answered.state, answered.verdict, answered.grade) == (RequestState.CLOSED, Verdict.SOLVED, Grade.VERY_SATISFIED)
    again = AnswerFollowUp(uuid4(), task.request_id or "", Verdict.NOT_SOLVED, Grade.UNSATISFIED)
    no = await deeds.refused(requests.answer_follow_up, again, "resident-1")
    assert (no.code, no.field) == (RefusalCode.WRONG_STATE, "requestId")
    assert (await requests.answer_follow_up(sent, by=await deeds.actor("resident-1"), ports=deeds.ports)).is_replay


@pytest.mark.parametrize("by", ["grid-worker-1", "grid-leader-1", "dispatcher-1"])
async def test_nobody_who_works_on_it_or_over_it_says_that_it_helped(by: str, deeds: Deeds) -> None:
    task = await deeds.brought_to("COMPLETED")
    await deeds.do(verify_task, VerifyTask(uuid4(), task.id, passed=True), "grid-leader-1")
    sent = AnswerFollowUp(uuid4(), task.request_id or "", Verdict.SOLVED, Grade.VERY_SATISFIED)

    assert (await deeds.refused(requests.answer_follow_up, sent, by)).code is RefusalCode.NOT_ALLOWED


async def test_what_a_worker_asked_for_and_did_alone_is_closed_by_the_check_and_graded_by_nobody(deeds: Deeds) -> None:
    request = await deeds.submit(by="grid-worker-1", household_id=deeds.home("resident-1").id)
    task = await deeds.brought_to("COMPLETED", request=request)
    assert task.assignee_id == request.judge_id == deeds.id_of("grid-worker-1")
    checked = await deeds.do(verify_task, VerifyTask(uuid4(), task.id, passed=True), "grid-leader-1")
    closed = (await requests.requests_by_ids([request.id], by=await deeds.actor("grid-worker-1"), ports=deeds.ports))[0]

    assert (checked.state, closed.state, closed.grade) == (TaskState.CLOSED, RequestState.CLOSED, None)
    sent = AnswerFollowUp(uuid4(), request.id, Verdict.SOLVED, Grade.VERY_SATISFIED)
    assert (await deeds.refused(requests.answer_follow_up, sent, "grid-worker-1")).code is RefusalCode.NOT_ALLOWED


async def test_a_replay_of_what_one_may_no_longer_see_is_not_found(deeds: Deeds) -> None:
    request = await deeds.submit()
    task = await deeds.lead(request)
    sent = AcknowledgeTask(uuid4(), task.id)
    await deeds.do(acknowledge_task, sent, "grid-worker-1")
    await deeds.do(assign_task, AssignTask(uuid4(), task.id, deeds.id_of("grid-worker-2")), "dispatcher-1")

    assert (await deeds.refused(acknowledge_task, sent, "grid-worker-1")).code is RefusalCode.NOT_FOUND


async def test_a_danger_that_is_withdrawn_before_anybody_took_it_in_is_work_for_whoever_serves_there(deeds: Deeds) -> None:
    request, items = await deeds.submit("new-facility"), deeds.house.mongo.collection("items")
    await items.update_one({"code": "new-facility"}, {"$set": {"deadline_class": "DANGER"}})
    ports = replace(deeds.ports, catalogue=MongoCatalogue(deeds.house.mongo))  # one that has read nothing yet
    try:
        sent, by = WithdrawRequest(uuid4(), request.id, "不想让人知道"), await deeds.actor("resident-1")
        withdrawn = (await withdraw_request(sent, by=by, ports=ports)).subject
    finally:
        await items.update_one({"code": "new-facility"}, {"$set": {"deadline_class": "COMPLEX"}})
    [kept] = await deeds.house.mongo.collection("tasks").find({}).to_list()
    [task] = await deeds.ports.tasks.by_ids([kept["_id"]], seen_by=await deeds.actor("dispatcher-1"))

    assert withdrawn.state is RequestState.WITHDRAWN
    assert (task.request_id, task.askers, task.state, task.grid_id) == (None, (), TaskState.ASSIGNED, request.place.grid_id)
    assert await deeds.ports.tasks.by_ids([task.id], seen_by=by) == []
    assert [found async for found in deeds.house.histories.differing(request.township)] == [], "the history tells of it"
