"""Somebody else types (代填): the matter and the last word stay the resident's."""

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    Answer,
    act,
    answer,
    bring,
    end_posts,
    history_of,
    home_of,
    in_scope,
    name_of,
    nothing_written,
    refused,
    request_of,
    rows,
    say,
    submit,
    task_of,
    titles,
)


def for_resident(town: Town, handle: str = "resident-1", home: str | None = None) -> Answer:
    return {"householdId": home_of(town, home or handle), "onBehalfOfId": town.id_of(handle)}


async def no_of(player: Player, town: Town, **fields: object) -> tuple[str, str]:
    """The code and the field with which it is refused; nothing is written."""
    async with nothing_written(town):
        answer = await say(player, "submitRequest", "request { id }", itemId=town.item("stairwell-lamp"), text="灯不亮", **fields)
    assert "code" in answer, f"{player.handle}: {answer}"
    return answer["code"], answer["field"]


async def mine(player: Player) -> list[str]:
    """The ids of somebody's own requests."""
    return [
        request["id"] for request in rows((await player.ask("{ viewer { requests { edges { node { id } } } } }"))["viewer"]["requests"])
    ]


async def test_what_the_worker_typed_is_the_residents(town: Town) -> None:
    worker, resident, neighbour = await town.people("grid-worker-1", "resident-1", "resident-2")

    matter = await submit(town, worker, **for_resident(town))

    assert (await mine(resident), await mine(neighbour)) == ([matter.request_id], [])
    request = await request_of(resident, matter)
    assert request is not None
    assert request["submittedBy"] == {"id": town.id_of("grid-worker-1"), "displayName": name_of(town, "grid-worker-1")}
    assert request["onBehalfOf"] == {"id": town.id_of("resident-1"), "displayName": name_of(town, "resident-1")}
    assert request["household"]["id"] == home_of(town, "resident-1")
    [event] = await history_of(resident, matter)
    assert event["actor"] == {"displayName": name_of(town, "grid-worker-1")}
    assert event["actingFor"] == {"displayName": name_of(town, "resident-1")}


async def test_the_resident_is_asked_and_the_typist_is_not(town: Town) -> None:
    worker, resident, leader = await town.people("grid-worker-1", "resident-1", "grid-leader-1")
    matter = await submit(town, worker, **for_resident(town))
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()
    assert (await titles(resident), await titles(worker)) == (["请您评价"], [])

    async with nothing_written(town):
        assert (await refused(worker, "answerFollowUp", matter))["code"] == "NOT_ALLOWED"

    assert (await answer(resident, matter, grade="SATISFIED"))["state"] == "CLOSED"


async def test_a_link_member_types_for_a_home_that_agreed(town: Town) -> None:
    member, resident, leader, worker = await town.people("link-member-1", "resident-1", "grid-leader-1", "grid-worker-1")
    own = await submit(town, resident)

    typed = await submit(town, member, **for_resident(town))

    assert sorted(await mine(resident)) == sorted([own.request_id, typed.request_id])
    assert await mine(member) == [typed.request_id]
    assert (await request_of(member, own), await task_of(member, own)) == (None, None)  # contact, not access
    assert (await request_of(member, typed) or {})["statusText"] == "已派单，等待签收"
    await bring(town, typed, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    async with nothing_written(town):
        assert (await refused(member, "answerFollowUp", typed))["code"] == "NOT_ALLOWED"
    assert (await answer(resident, typed))["state"] == "CLOSED"


async def test_a_link_member_is_no_key_to_other_homes(town: Town) -> None:
    member = await town.person("link-member-1")

    assert await no_of(member, town, **for_resident(town, "resident-4")) == ("NOT_FOUND", "householdId")
    assert await no_of(member, town, **for_resident(town, "resident-4", home="resident-1")) == ("NOT_FOUND", "onBehalfOfId")


async def test_a_resident_does_not_act_for_a_neighbour(town: Town) -> None:
    resident = await town.person("resident-2")

    assert await no_of(resident, town, **for_resident(town)) == ("NOT_FOUND", "householdId")
    assert await no_of(resident, town, onBehalfOfId=town.id_of("resident-1")) == ("NOT_FOUND", "onBehalfOfId")
    assert await no_of(resident, town, householdId=home_of(town, "resident-1")) == ("NOT_FOUND", "householdId")


async def test_who_is_not_there_to_help_does_not_type_for_others(town: Town) -> None:
    named = for_resident(town)

    for handle in (
        "grid-worker-2",
        "grid-leader-2",
        "provider-worker-1",
        "volunteer-1",
        "administrator-1",
        "privacy-officer-1",
        "hub-host-9",
    ):
        assert await no_of(await town.person(handle), town, **named) == ("NOT_FOUND", "householdId"), handle
    officer = await town.person("village-officer-1")  # of the village that the home left: sees it, and does not type
    assert await no_of(officer, town, **named) == ("NOT_ALLOWED", "onBehalfOfId")
    worker = await town.person("grid-worker-1")
    assert await no_of(worker, town, **for_resident(town, "resident-2", home="resident-1")) == ("NOT_FOUND", "onBehalfOfId")
    assert await no_of(worker, town) == ("INVALID_INPUT", "householdId")  # who has no home here must say whose it is


async def test_naming_oneself_changes_nothing(town: Town) -> None:
    resident = await town.person("resident-1")

    matter = await submit(town, resident, onBehalfOfId=town.id_of("resident-1"))

    request = await request_of(resident, matter)
    assert request is not None
    assert (request["onBehalfOf"], request["submittedBy"]["id"]) == (None, town.id_of("resident-1"))


async def test_the_leader_who_typed_it_does_not_check_it(town: Town) -> None:
    leader, worker, secretary, resident = await town.people("grid-leader-1", "grid-worker-1", "secretary-1", "resident-1")
    matter = await submit(town, leader, **for_resident(town))
    await bring(town, matter, worker, "COMPLETED")
    await town.settle()

    async with nothing_written(town):
        assert (await refused(leader, "verifyTask", matter))["code"] == "NOT_ALLOWED"

    assert (await titles(leader), await titles(secretary)) == ([], ["有工单待核查"])
    await act(secretary, "verifyTask", matter)
    assert (await answer(resident, matter))["state"] == "CLOSED"


async def test_the_clerk_types_for_whoever_stands_at_the_counter(town: Town) -> None:
    clerk, resident, worker = await town.people("centre-clerk-1", "resident-1", "grid-worker-1")

    matter = await submit(town, clerk, "pension-form", **for_resident(town))

    assert (await in_scope(clerk), await in_scope(worker)) == ([matter.task_id], [])
    assert await mine(resident) == [matter.request_id]


async def test_the_desk_types_for_whoever_calls(town: Town) -> None:
    dispatcher, resident, worker = await town.people("dispatcher-1", "resident-4", "grid-worker-2")

    matter = await submit(town, dispatcher, **for_resident(town, "resident-4"))

    assert (await in_scope(worker), await mine(resident)) == ([matter.task_id], [matter.request_id])


async def test_whoever_typed_as_a_worker_reads_it_no_more_without_the_post(town: Town) -> None:
    worker, member, resident = await town.people("grid-worker-1", "link-member-1", "resident-1")
    typed = await submit(town, worker, **for_resident(town)), await submit(town, member, **for_resident(town))

    await end_posts(town, "grid-worker-1", "link-member-1")

    for typist in (worker, member):
        assert await mine(typist) == []
        for matter in typed:
            assert (await request_of(typist, matter), await task_of(typist, matter)) == (None, None)
    assert sorted(await mine(resident)) == sorted(matter.request_id for matter in typed)
