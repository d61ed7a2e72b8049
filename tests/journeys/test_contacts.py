"""Contact data by purpose: masked for whoever works on it, in clear with a reason and on record, and never for a neighbour."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    Answer,
    Matter,
    act,
    answer,
    bring,
    history_of,
    home_of,
    name_of,
    node,
    nothing_written,
    refused,
    rows,
    said_in,
    say,
    submit,
    titles,
)

PHONE, DOOR = "138 1234 5678", "三单元五楼东户"
CLEAR = {"phone": "+8613812345678", "addressDetail": DOOR, "reach": "PHONE"}
MASKED = {"phone": "138****5678", "reach": "PHONE", "hasAddress": True}
SHOWN = "contact { phone addressDetail reach }"
READING = "at role reason note requestNumber flags reader { displayName } personId"


async def give(player: Player, **fields: Any) -> Answer:
    """Somebody says how they can be reached."""
    given = {"reach": "PHONE", "phone": PHONE, "addressDetail": DOOR, **fields}
    return await say(player, "setContact", "contact { phone reach hasAddress }", **given)


async def reveal(player: Player, matter: Matter, **fields: Any) -> Answer:
    return await say(player, "revealContact", SHOWN, **{"taskId": matter.task_id, "reason": "ARRANGE_VISIT", **fields})


async def reads_of(player: Player) -> list[Answer]:
    """Who looked at somebody's contact, as they see it."""
    return rows((await player.ask(f"{{ viewer {{ contactReads {{ edges {{ node {{ {READING} }} }} }} }} }}"))["viewer"]["contactReads"])


async def log_of(player: Player, **page: Any) -> list[Answer]:
    document = f"query($first: Int, $after: String) {{ readLog(first: $first, after: $after) {{ edges {{ node {{ {READING} }} }} }} }}"
    return rows((await player.ask(document, first=20, **page))["readLog"])


async def contact_on(player: Player, matter: Matter) -> Answer | None:
    """The contact on a request that somebody sees."""
    found = await node(player, matter.request_id, "... on Request { contact { phone reach hasAddress } }")
    assert found is not None, "they do not see the request"
    contact: Answer | None = found["contact"]
    return contact


async def asked(town: Town, **fields: Any) -> tuple[Player, Player, Matter]:
    """The first resident says how they can be reached, and asks for something."""
    resident, worker = await town.people("resident-1", "grid-worker-1")
    assert (await give(resident))["contact"] == MASKED
    return resident, worker, await submit(town, resident, **fields)


async def test_the_worker_sees_the_number_masked_and_in_clear_with_a_reason(town: Town) -> None:
    resident, worker, matter = await asked(town)
    assert await contact_on(worker, matter) == MASKED

    shown = await reveal(worker, matter, note="约明天上午")

    assert shown["contact"] == CLEAR
    assert await contact_on(worker, matter) == MASKED, "the next time it is masked again"
    [read] = await reads_of(resident)
    assert (read["role"], read["reason"], read["note"], read["requestNumber"]) == (
        "GRID_WORKER",
        "ARRANGE_VISIT",
        "约明天上午",
        matter.number,
    )
    assert read["reader"]["displayName"] == name_of(town, "grid-worker-1"), "a public post"
    assert read["flags"] == []
    assert await town.count("readings") == 1


async def test_the_same_command_again_shows_again_and_is_logged_once(town: Town) -> None:
    resident, worker, matter = await asked(town)
    same = str(uuid4())

    first, second = [await reveal(worker, matter, commandId=same) for _ in range(2)]

    assert first == second == {"contact": CLEAR}
    assert len(await reads_of(resident)) == 1
    mismatch = await reveal(worker, matter, commandId=same, reason="DANGER")
    assert mismatch["code"] == "COMMAND_MISMATCH"
    await reveal(worker, matter)
    assert len(await reads_of(resident)) == 2


async def test_the_same_command_does_not_follow_a_number_that_changes_unseen(town: Town) -> None:
    resident, worker, matter = await asked(town)
    same = str(uuid4())
    await reveal(worker, matter, commandId=same)
    town.clock.advance(seconds=60)
    await give(resident, phone="139 8765 4321")

    assert (await reveal(worker, matter, commandId=same))["contact"] == {**CLEAR, "phone": "+8613987654321"}

    assert len(await reads_of(resident)) == 2
    mismatch = await reveal(worker, matter, commandId=same, reason="DANGER")
    assert (mismatch["code"], len(await reads_of(resident))) == ("COMMAND_MISMATCH", 2)


@pytest.mark.parametrize("handle", ["resident-2", "resident-4", "grid-worker-2", "grid-leader-2", "administrator-1", "privacy-officer-1"])
async def test_for_others_there_is_no_such_task_and_nothing_is_logged(town: Town, handle: str) -> None:
    resident, _, matter = await asked(town)
    other = await town.person(handle)

    async with nothing_written(town):
        no = await reveal(other, matter)

    assert (no["code"], no["field"]) == ("NOT_FOUND", "taskId")
    missing = await say(other, "revealContact", SHOWN, taskId=matter.task_id[:-4] + "0000", reason="DANGER")
    assert (no["code"], no["message"], no["field"]) == (missing["code"], missing["message"], missing["field"])
    assert await reads_of(resident) == []


async def test_whoever_answers_for_the_work_may_and_whoever_only_sees_it_may_not(town: Town) -> None:
    resident, _, matter = await asked(town)
    leader, dispatcher, secretary = await town.people("grid-leader-1", "dispatcher-1", "secretary-1")

    for player, role in ((leader, "GRID_LEADER"), (dispatcher, "DISPATCHER"), (secretary, "SECRETARY")):
        assert (await reveal(player, matter, reason="TELL_RESULT"))["contact"] == CLEAR
        assert (await reads_of(resident))[0]["role"] == role
    async with nothing_written(town):
        assert (await reveal(resident, matter))["code"] == "NOT_ALLOWED", "one's own is read as the viewer's"
    assert len(await reads_of(resident)) == 3


async def test_a_worker_from_whom_it_was_taken_may_no_longer(town: Town) -> None:
    resident, worker, matter = await asked(town)
    dispatcher = await town.person("dispatcher-1")
    await act(dispatcher, "assignTask", matter, assigneeId=town.id_of("grid-worker-2"))

    async with nothing_written(town):
        assert (await reveal(worker, matter))["code"] in {"NOT_ALLOWED", "NOT_FOUND"}

    assert (await reveal(await town.person("grid-worker-2"), matter))["contact"] == CLEAR
    assert len(await reads_of(resident)) == 1


async def test_another_reason_wants_words(town: Town) -> None:
    resident, worker, matter = await asked(town)

    async with nothing_written(town):
        for note in (None, "  "):
            no = await reveal(worker, matter, reason="OTHER", note=note)
            assert (no["code"], no["field"]) == ("INVALID_INPUT", "note")

    assert (await reveal(worker, matter, reason="OTHER", note="老人让我打电话"))["contact"] == CLEAR
    assert (await reads_of(resident))[0]["note"] == "老人让我打电话"


async def test_when_it_is_over_nobody_may(town: Town) -> None:
    resident, worker, matter = await asked(town)
    leader = await town.person("grid-leader-1")
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    assert (await reveal(leader, matter, reason="TELL_RESULT"))["contact"] == CLEAR, "to ask whether it helped"
    await answer(resident, matter)

    async with nothing_written(town):
        for player in (worker, leader, await town.person("dispatcher-1")):
            assert (await reveal(player, matter))["code"] == "WRONG_STATE"


async def test_in_a_shielded_matter_nobody_learns_who_asked(town: Town) -> None:
    resident, _, matter = await asked(town, item="staff-conduct", aboutPersonId=town.id_of("grid-worker-1"))
    secretary, dispatcher = await town.people("secretary-1", "dispatcher-1")

    async with nothing_written(town):
        for player in (secretary, dispatcher):
            assert await contact_on(player, matter) is None
            no = await reveal(player, matter)
            assert (no["code"], no["field"]) == ("NOT_ALLOWED", "taskId")
            assert "13812345678" not in said_in(no)

    assert await contact_on(resident, matter) == MASKED
    assert await reads_of(resident) == []


async def test_whoever_typed_for_somebody_does_not_get_their_number(town: Town) -> None:
    """A link member helps; the contact stays the household's own."""
    homes = [home for home in town.planned.households if home.link and home.link.until is None]
    persons = [person for person in town.planned.persons if person.household_id]
    home, principal = next((home, person) for home in homes for person in persons if person.household_id == home.id)
    handles = {id_: handle for handle, id_ in town.planned.handles.items()}
    assert home.link is not None
    helper, resident = await town.people(handles[home.link.member_id], handles[principal.id])
    await give(resident)
    matter = await submit(town, helper, householdId=home.id, onBehalfOfId=principal.id)

    async with nothing_written(town):
        assert await contact_on(helper, matter) is None
        assert (await reveal(helper, matter))["code"] == "NOT_ALLOWED"

    assert await contact_on(resident, matter) == MASKED


async def test_somebody_without_a_telephone_can_be_reached_too(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    assert (await give(resident, reach="VISIT", phone=None))["contact"] == {"phone": None, "reach": "VISIT", "hasAddress": True}
    matter = await submit(town, resident)

    assert (await reveal(worker, matter))["contact"] == {"phone": None, "addressDetail": DOOR, "reach": "VISIT"}


async def test_one_who_gave_no_contact_has_none_to_be_shown(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    matter = await submit(town, resident)

    async with nothing_written(town):
        assert await contact_on(worker, matter) is None
        assert (await reveal(worker, matter))["code"] == "NOT_FOUND"

    assert await reads_of(resident) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"phone": "12345"}, "phone"),
        ({"phone": None}, "phone"),
        ({"phone": "  "}, "phone"),
        ({"addressDetail": "长" * 2_001}, "addressDetail"),
        ({"addressDetail": "三单元\u0007"}, "addressDetail"),
    ],
)
async def test_what_cannot_be_is_refused_by_name_and_nothing_is_written(town: Town, fields: Answer, field: str) -> None:
    resident = await town.person("resident-1")

    async with nothing_written(town):
        no = await give(resident, **fields)

    assert (no["code"], no["field"]) == ("INVALID_INPUT", field)


async def test_only_the_administrator_sets_it_for_others(town: Town) -> None:
    resident, administrator = await town.people("resident-1", "administrator-1")
    assert (await give(administrator, personId=resident_id(town)))["contact"] == MASKED

    mine = (await resident.ask("{ viewer { contact { phone addressDetail reach } } }"))["viewer"]["contact"]

    assert mine == CLEAR
    assert await reads_of(resident) == [], "one's own is no reading"
    for handle in ("resident-2", "grid-worker-1", "dispatcher-1", "privacy-officer-1"):
        async with nothing_written(town):
            other = await town.person(handle)
            assert (await give(other, personId=resident_id(town)))["code"] == "NOT_FOUND"
    async with nothing_written(town):
        assert (await give(administrator, personId=home_of(town, "resident-1")))["code"] == "NOT_FOUND"
        assert (await give(town.stranger()))["code"] == "SIGN_IN_REQUIRED"


def resident_id(town: Town) -> str:
    return town.id_of("resident-1")


async def test_the_privacy_officer_reads_the_log_by_name_and_nobody_else_does(town: Town) -> None:
    _, worker, matter = await asked(town)
    town.clock.advance(seconds=1)
    await reveal(worker, matter)
    officer = await town.person("privacy-officer-1")

    [line] = await log_of(officer)

    assert (line["reader"]["displayName"], line["personId"]) == (name_of(town, "grid-worker-1"), resident_id(town))
    assert (line["role"], line["requestNumber"], line["flags"]) == ("GRID_WORKER", matter.number, [])
    assert "13812345678" not in said_in(line)
    for handle in ("resident-1", "grid-worker-1", "dispatcher-1", "secretary-2", "administrator-1"):
        assert await log_of(await town.person(handle)) == []
    assert await log_of(town.stranger()) == []


async def test_a_reading_at_night_is_flagged_for_the_officer_and_shown_to_the_person_without(town: Town) -> None:
    _, _, matter = await asked(town)
    town.clock.now += timedelta(hours=12)  # 22:00
    resident, worker, officer = await town.people("resident-1", "grid-worker-1", "privacy-officer-1")

    assert (await reveal(worker, matter, reason="DANGER"))["contact"] == CLEAR

    assert (await log_of(officer))[0]["flags"] == ["OUT_OF_HOURS"]
    assert (await reads_of(resident))[0]["flags"] == []
    assert await titles(officer) == ["联系信息查阅异常"]
    assert matter.number in said_in(await officer.ask("{ viewer { notices { edges { node { body about { id } } } } } }"))


async def test_a_member_of_a_firm_reveals_only_what_they_were_given(town: Town) -> None:
    resident, _, matter = await asked(town)
    dispatcher, firm = await town.people("dispatcher-1", "provider-worker-1")
    async with nothing_written(town):
        assert (await reveal(firm, matter))["code"] == "NOT_FOUND"
    await act(dispatcher, "assignTask", matter, assigneeId=town.id_of("provider-worker-1"))

    assert (await reveal(firm, matter))["contact"] == CLEAR

    assert (await reads_of(resident))[0]["role"] == "PROVIDER_WORKER"


async def test_nobody_is_found_by_a_number(town: Town) -> None:
    _, worker, _ = await asked(town)

    schema = await worker.ask("{ __schema { queryType { fields { name args { name } } } } }")

    assert "phone" not in said_in(schema).lower()
    assert await refused(worker, "acknowledgeTask", Matter("", "", "13812345678")) is not None


# --- Figures of it: how often, and of what use; of nobody by name.


FIGURES = """query($unit: ID!, $from: Date!, $to: Date!) { privacyMeasures(unitId: $unit, from: $from, to: $to) {
  unit { name } reveals revealsPerTask revealsWithoutContactShare subjectRequestsDue subjectRequestsOnTimeRate } }"""


async def figures(town: Town, player: Player, unit: str, to: str = "2026-11-30") -> list[Answer]:
    await town.settle()
    unit_id = next(each.id for each in town.planned.parts.units if each.name == unit)
    found: list[Answer] = (await player.ask(FIGURES, unit=unit_id, **{"from": "2026-11-01", "to": to}))["privacyMeasures"]
    return found


async def test_how_often_numbers_are_looked_at_and_of_what_use_it_was_is_told_of_units(town: Town) -> None:
    _, worker, matter = await asked(town)
    officer, leader, dispatcher = await town.people("privacy-officer-1", "grid-leader-1", "dispatcher-1")
    before = await history_of(worker, matter)
    await reveal(worker, matter)
    await reveal(leader, matter)
    assert await history_of(worker, matter) == before, "it stands in no history"

    [branch, *_] = await figures(town, leader, "第一网格党支部")
    assert (branch["reveals"], branch["revealsPerTask"], branch["revealsWithoutContactShare"]) == (2, 2.0, 1.0)
    assert (branch["subjectRequestsDue"], branch["subjectRequestsOnTimeRate"]) == (None, None)
    await bring(town, matter, worker, "IN_PROGRESS")
    [township, *below] = await figures(town, officer, "柳湾镇党委")
    assert (township["reveals"], township["revealsWithoutContactShare"]) == (2, 0.0)
    assert {each["unit"]["name"]: each["reveals"] for each in below}["柳湾新村党总支"] == 2
    assert await node(officer, matter.task_id, "... on Task { state }") is None, "who reads figures sees no task"

    for handle in ("grid-leader-2", "grid-worker-1", "resident-1", "administrator-1"):
        assert await figures(town, await town.person(handle), "第一网格党支部") == []
    assert (await figures(town, dispatcher, "柳湾镇党委"))[0]["reveals"] == 2


async def test_whether_persons_are_answered_in_time_is_for_who_answers_them(town: Town) -> None:
    resident, other, officer, dispatcher = await town.people("resident-1", "resident-2", "privacy-officer-1", "dispatcher-1")
    made = await say(resident, "requestOwnData", "subjectRequest { id }", kind="EXPLAIN", words="谁看过我的电话")
    await say(other, "requestOwnData", "subjectRequest { id }", kind="COPY")
    answered = {"subjectRequestId": made["subjectRequest"]["id"], "done": True, "reason": "已答复"}
    assert "subjectRequest" in await say(officer, "decideSubjectRequest", "subjectRequest { state }", **answered)
    assert (await figures(town, officer, "柳湾镇党委", to="2026-12-31"))[0]["subjectRequestsDue"] == 0, "its day is not over"

    town.clock.advance(days=30)
    officer, dispatcher = await town.people("privacy-officer-1", "dispatcher-1")
    [township, *below] = await figures(town, officer, "柳湾镇党委", to="2026-12-31")
    assert (township["subjectRequestsDue"], township["subjectRequestsOnTimeRate"]) == (2, 0.5)
    assert {each["subjectRequestsDue"] for each in below} == {None}
    [told, *_] = await figures(town, dispatcher, "柳湾镇党委", to="2026-12-31")
    assert (told["subjectRequestsDue"], told["subjectRequestsOnTimeRate"]) == (None, None), "two persons are a small group"
