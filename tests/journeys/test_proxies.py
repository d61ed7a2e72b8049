"""A proxy (代办) asks on somebody's behalf under a grant; the matter and the last word stay the principal's, and revoking ends it all."""

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    Answer,
    Matter,
    act,
    answer,
    bring,
    end_posts,
    history_of,
    home_of,
    name_of,
    node,
    nothing_written,
    refused,
    request_of,
    rows,
    say,
    submit,
    task_of,
    titles,
)
from tests.journeys.test_changes import Phone
from tests.journeys.test_helping_hands import mine

GRANT = "grant { id live since until evidence revokedAt version principal { id } agent { id } recordedBy { id } items { code } }"
YEAR = {"since": "2026-11-23", "until": "2027-11-23"}


async def grant(player: Player, town: Town, agent: str, **fields: object) -> Answer:
    said = await say(player, "grantProxy", GRANT, **{"agentId": town.id_of(agent), **YEAR, **fields})
    assert "grant" in said, said
    given: Answer = said["grant"]
    return given


async def no_grant(player: Player, town: Town, agent: str, **fields: object) -> tuple[str, str]:
    """The code and the field with which it is refused; nothing is written."""
    async with nothing_written(town):
        said = await say(player, "grantProxy", GRANT, **{"agentId": town.id_of(agent), **YEAR, **fields})
    assert "code" in said, said
    return said["code"], said["field"]


async def revoke(player: Player, given: Answer) -> Answer:
    said = await say(player, "revokeProxy", GRANT, grantId=given["id"])
    assert "grant" in said, said
    ended: Answer = said["grant"]
    return ended


async def no_request(player: Player, town: Town, item: str = "stairwell-lamp", **fields: object) -> tuple[str, str]:
    async with nothing_written(town):
        said = await say(player, "submitRequest", "request { id }", itemId=town.item(item), text="灯不亮", **fields)
    assert "code" in said, said
    return said["code"], said["field"]


async def grants_of(player: Player) -> list[Answer]:
    viewer = (await player.ask("{ viewer { proxyGrants { id live agent { id } principal { id } } } }"))["viewer"]
    return list(viewer["proxyGrants"])


async def listed(player: Player) -> list[str]:
    return [row["id"] for row in rows((await player.ask("{ requests(first: 100) { edges { node { id } } } }"))["requests"])]


async def sees(player: Player, matter: Matter) -> list[bool]:
    """Whether somebody reaches the request by id, by number, in the list of all and of the own, and its task and history."""
    by_number = (await player.ask("query($n: String!) { request(number: $n) { id } }", n=matter.number))["request"]
    history = await node(player, matter.request_id, "... on Request { history { edges { node { kind } } } }")
    return [
        await request_of(player, matter) is not None,
        by_number is not None,
        matter.request_id in await listed(player),
        matter.request_id in await mine(player),
        await task_of(player, matter) is not None,
        history is not None,
    ]


async def test_a_neighbour_asks_under_a_grant_and_the_matter_is_the_principals(town: Town) -> None:
    old, neighbour, other = await town.people("resident-1", "resident-4", "resident-2")
    given = await grant(old, town, "resident-4")
    assert (given["live"], given["evidence"], given["items"]) == (True, "OWN_SIGN_IN", [])
    assert (await grants_of(neighbour))[0]["principal"] == {"id": town.id_of("resident-1")}

    matter = await submit(town, neighbour, onBehalfOfId=town.id_of("resident-1"))

    assert (await mine(old), await mine(neighbour), await mine(other)) == ([matter.request_id], [matter.request_id], [])
    fields = "onBehalfOf { id } submittedBy { id } agent { id displayName } household { id } entry"
    shown = await node(old, matter.request_id, f"... on Request {{ {fields} }}")
    agent = town.id_of("resident-4")
    assert shown == {
        "onBehalfOf": {"id": town.id_of("resident-1")},
        "submittedBy": {"id": agent},
        "agent": {"id": agent, "displayName": name_of(town, "resident-4")},
        "household": {"id": home_of(town, "resident-1")},
        "entry": "PROXY",
    }
    [event] = await history_of(neighbour, matter)
    assert event["actingFor"] == {"displayName": name_of(town, "resident-1")}
    assert await sees(neighbour, matter) == [True] * 6
    assert await sees(other, matter) == [False] * 6


async def test_a_proxy_sees_nothing_else_of_the_principal(town: Town) -> None:
    old, neighbour = await town.people("resident-1", "resident-4")
    own = await submit(town, old)
    await grant(old, town, "resident-4")

    assert await sees(neighbour, own) == [False] * 6
    assert await node(neighbour, home_of(town, "resident-1")) is None
    assert await node(neighbour, town.id_of("resident-1")) is None


async def test_the_proxy_does_not_grade(town: Town) -> None:
    old, neighbour, worker, leader = await town.people("resident-1", "resident-4", "grid-worker-1", "grid-leader-1")
    await grant(old, town, "resident-4")
    matter = await submit(town, neighbour, onBehalfOfId=town.id_of("resident-1"))
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)

    async with nothing_written(town):
        assert (await refused(neighbour, "answerFollowUp", matter))["code"] == "NOT_ALLOWED"

    assert (await answer(old, matter))["state"] == "CLOSED"


async def test_revoking_ends_access_at_the_next_read_everywhere(town: Town) -> None:
    old, neighbour = await town.people("resident-1", "resident-4")
    given = await grant(old, town, "resident-4")
    matter = await submit(town, neighbour, onBehalfOfId=town.id_of("resident-1"))
    await town.settle()
    phone = await Phone(neighbour).sync()
    assert matter.request_id in phone.held

    assert (await revoke(old, given))["live"] is False

    assert await sees(neighbour, matter) == [False] * 6
    assert await sees(old, matter) == [True] * 6
    await phone.sync()
    assert (phone.resets, matter.request_id in phone.held, await phone.is_equal()) == (1, False, True)
    assert (await grants_of(neighbour), await grants_of(old)) == ([], [])
    assert await no_request(neighbour, town, onBehalfOfId=town.id_of("resident-1")) == ("NOT_FOUND", "onBehalfOfId")


async def test_a_grant_that_ran_out_ends_as_if_it_were_revoked(town: Town) -> None:
    old, neighbour = await town.people("resident-1", "resident-4")
    await grant(old, town, "resident-4", until="2026-11-25")
    matter = await submit(town, neighbour, onBehalfOfId=town.id_of("resident-1"))

    town.clock.advance(hours=38)  # midnight in Shanghai, before the 25th
    await neighbour.sign_in()

    assert await sees(neighbour, matter) == [False] * 6
    assert await no_request(neighbour, town, onBehalfOfId=town.id_of("resident-1")) == ("NOT_FOUND", "onBehalfOfId")
    assert await grants_of(neighbour) == []


async def test_a_grant_that_begins_tomorrow_does_not_hold_today(town: Town) -> None:
    old, neighbour = await town.people("resident-1", "resident-4")
    await grant(old, town, "resident-4", since="2026-11-24")

    assert [found["live"] for found in await grants_of(neighbour)] == [False]
    assert await no_request(neighbour, town, onBehalfOfId=town.id_of("resident-1")) == ("NOT_FOUND", "onBehalfOfId")

    town.clock.advance(hours=14)
    await neighbour.sign_in()
    await submit(town, neighbour, onBehalfOfId=town.id_of("resident-1"))


async def test_what_the_grant_does_not_cover_is_not_asked(town: Town) -> None:
    old, neighbour = await town.people("resident-1", "resident-4")
    await grant(old, town, "resident-4", itemIds=[town.item("stairwell-lamp")])
    behalf = {"onBehalfOfId": town.id_of("resident-1")}

    assert await no_request(neighbour, town, "water-leak", **behalf) == ("NOT_ALLOWED", "itemId")
    assert await no_request(neighbour, town, householdId=home_of(town, "resident-4"), **behalf) == ("NOT_FOUND", "householdId")
    await submit(town, neighbour, "stairwell-lamp", **behalf)


async def test_land_and_pension_need_signed_paper(town: Town) -> None:
    old, neighbour, clerk = await town.people("resident-1", "resident-4", "centre-clerk-1")
    behalf = {"onBehalfOfId": town.id_of("resident-1")}
    land = {"itemIds": [town.item("land-certificate")]}
    first = await grant(old, town, "resident-4")
    assert await no_request(neighbour, town, "land-certificate", **behalf) == ("NOT_ALLOWED", "itemId")
    await revoke(old, first)
    recorded = {"principalId": town.id_of("resident-1"), **land}
    assert await no_grant(old, town, "resident-4", **land) == ("INVALID_INPUT", "itemIds")
    assert await no_grant(clerk, town, "resident-4", evidence="WITNESS", **recorded) == ("INVALID_INPUT", "itemIds")

    given = await grant(clerk, town, "resident-4", evidence="SIGNED_PAPER", **recorded)

    assert (given["recordedBy"], [item["code"] for item in given["items"]]) == ({"id": town.id_of("centre-clerk-1")}, ["land-certificate"])
    matter = await submit(town, neighbour, "land-certificate", **behalf)
    assert await mine(old) == [matter.request_id]


async def test_who_records_a_grant(town: Town) -> None:
    principal = {"principalId": town.id_of("resident-1"), "evidence": "CALL_BACK_BY_THIRD"}

    for handle in ("grid-worker-1", "link-member-1", "hub-host-1", "resident-2", "grid-leader-2", "administrator-1", "village-officer-2"):
        assert await no_grant(await town.person(handle), town, "resident-4", **principal) == ("NOT_FOUND", "principalId"), handle
    leader = await town.person("grid-leader-1")
    assert await no_grant(leader, town, "grid-leader-1", **principal) == ("NOT_ALLOWED", "agentId")
    assert await no_grant(leader, town, "resident-4", principalId=principal["principalId"]) == ("INVALID_INPUT", "evidence")
    assert await no_grant(leader, town, "resident-1", **principal) == ("INVALID_INPUT", "agentId")
    for handle in ("grid-leader-1", "dispatcher-1", "secretary-1", "centre-clerk-1"):
        office = await town.person(handle)
        given = await grant(office, town, "resident-4", **principal)
        assert (await node(office, given["id"]), (await revoke(office, given))["live"]) == ({"__typename": "ProxyGrant"}, False)


async def test_a_grant_is_sound(town: Town) -> None:
    old = await town.person("resident-1")

    assert await no_grant(old, town, "resident-1") == ("INVALID_INPUT", "agentId")
    assert await no_grant(old, town, "resident-4", until="2027-11-24") == ("INVALID_INPUT", "until")
    assert await no_grant(old, town, "resident-4", until="2026-11-23") == ("INVALID_INPUT", "until")
    assert await no_grant(old, town, "resident-4", since="2028-01-01", until="2028-02-01") == ("INVALID_INPUT", "since")
    assert await no_grant(old, town, "resident-4", evidence="SIGNED_PAPER") == ("INVALID_INPUT", "evidence")
    assert await no_grant(old, town, "resident-4", itemIds=["item_000000000_" + "0" * 32]) == ("NOT_FOUND", "itemIds")
    assert await no_grant(old, town, "resident-4", agentId=town.item("stairwell-lamp")) == ("NOT_FOUND", "agentId")
    await grant(old, town, "resident-4")
    assert await no_grant(old, town, "resident-4") == ("LIMIT_REACHED", "agentId")


async def test_only_the_two_and_the_offices_in_scope_see_the_grant(town: Town) -> None:
    old, neighbour = await town.people("resident-1", "resident-4")
    given = await grant(old, town, "resident-4")

    for player in (old, neighbour, *await town.people("grid-leader-1", "centre-clerk-1", "dispatcher-1", "secretary-1")):
        assert await node(player, given["id"]) == {"__typename": "ProxyGrant"}, player.handle
    for handle in ("resident-2", "grid-worker-1", "grid-leader-2", "link-member-1", "hub-host-1", "administrator-1"):
        stranger = await town.person(handle)
        assert await node(stranger, given["id"]) is None, handle
        async with nothing_written(town):
            said = await say(stranger, "revokeProxy", GRANT, grantId=given["id"])
        assert (said["code"], said["field"]) == ("NOT_FOUND", "grantId"), handle


async def test_the_proxy_may_lay_it_down_and_revoking_twice_is_once(town: Town) -> None:
    old, neighbour = await town.people("resident-1", "resident-4")
    given = await grant(old, town, "resident-4")

    first = await revoke(neighbour, given)
    town.clock.advance(hours=1)
    second = await revoke(old, given)

    assert (first["revokedAt"], first["version"]) == (second["revokedAt"], 2)
    assert second["version"] == 2


async def test_the_twenty_first_principal_is_refused(town: Town) -> None:
    grown = [handle for handle in town.planned.handles if handle.startswith("resident-")]
    principals = [handle for handle in grown if handle != "resident-4"][:21]
    for handle in principals[:20]:
        given = await grant(await town.person(handle), town, "resident-4")
    last = await town.person(principals[20])
    assert await no_grant(last, town, "resident-4") == ("LIMIT_REACHED", "agentId")

    await revoke(await town.person(principals[19]), given)

    await grant(last, town, "resident-4")


async def test_a_worker_who_is_the_proxy_is_checked_by_somebody_else_and_reads_it_as_the_worker_only(town: Town) -> None:
    old, leader, secretary, worker = await town.people("resident-1", "grid-leader-1", "secretary-1", "grid-worker-1")
    given = await grant(old, town, "grid-leader-1")
    matter = await submit(town, leader, onBehalfOfId=town.id_of("resident-1"))
    await bring(town, matter, worker, "COMPLETED")

    async with nothing_written(town):
        assert (await refused(leader, "verifyTask", matter))["code"] == "NOT_ALLOWED"

    await act(secretary, "verifyTask", matter)
    await revoke(old, given)
    assert await request_of(leader, matter) is not None  # by the post, over the unit
    await end_posts(town, "grid-leader-1")
    assert await request_of(leader, matter) is None
    assert (await answer(old, matter))["state"] == "CLOSED"


async def test_a_shielded_matter_hides_the_principal_from_a_proxy_who_is_one_no_more(town: Town) -> None:
    old, desk = await town.people("resident-1", "dispatcher-1")
    given = await grant(old, town, "dispatcher-1")
    matter = await submit(town, desk, "staff-conduct", onBehalfOfId=town.id_of("resident-1"))
    fields = "entry text address onBehalfOf { id } submittedBy { id } agent { id } household { id }"
    before = await node(desk, matter.request_id, f"... on Request {{ {fields} }}")
    assert before is not None
    assert (before["onBehalfOf"], before["entry"]) == ({"id": town.id_of("resident-1")}, "PROXY")

    await revoke(old, given)

    after = await node(desk, matter.request_id, f"... on Request {{ {fields} }}")  # the desk sees the township
    assert after is not None
    assert [after[name] for name in ("entry", "onBehalfOf", "submittedBy", "agent", "household")] == [None] * 5
    assert [(event["actor"], event["actingFor"]) for event in await history_of(desk, matter)] == [(None, None)]


async def test_the_principal_is_asked_and_the_proxy_only_told(town: Town) -> None:
    old, neighbour, worker, leader = await town.people("resident-1", "resident-4", "grid-worker-1", "grid-leader-1")
    given = await grant(old, town, "resident-4")
    first = await submit(town, neighbour, onBehalfOfId=town.id_of("resident-1"))
    second = await submit(town, neighbour, onBehalfOfId=town.id_of("resident-1"))

    await bring(town, first, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()
    assert (await titles(old), await titles(neighbour)) == (["请您评价"], ["代办事项已办结"])

    await bring(town, second, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await revoke(old, given)
    await town.settle()
    assert (await titles(old), await titles(neighbour)) == (["请您评价"] * 2, ["代办事项已办结"])


async def test_the_same_command_again_is_the_same_grant(town: Town) -> None:
    old = await town.person("resident-1")
    sent = {"commandId": "0193d4a0-0000-7000-8000-000000000001", "agentId": town.id_of("resident-4"), **YEAR}

    first = await say(old, "grantProxy", GRANT, **sent)
    async with nothing_written(town):
        again = await say(old, "grantProxy", GRANT, **sent)
        other = await say(old, "grantProxy", GRANT, **{**sent, "until": "2027-01-01"})

    assert first == again
    assert (other["code"], other["field"]) == ("COMMAND_MISMATCH", "commandId")
