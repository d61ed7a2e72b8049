"""Somebody new comes to the counter: entered, handed a code, linked, and in nobody else's hands afterwards."""

import logging
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.check_digits import check_digit
from server.demo.main_job import Player
from server.demo.settlement import uid_of
from tests.conftest import Town
from tests.journeys.stories import Answer, act, home_of, inbox, node, nothing_written, pushes, raw, register, rows, said_in, say, submit
from tests.journeys.test_live_changes import listening

CODE = "enrolmentCode { code slip validUntil person { id } }"


async def enrol(clerk: Player, town: Town, name: str = "新邻居", **fields: Any) -> Answer:
    given = {"displayName": name, "isOverFourteen": True, "householdId": home_of(town, "resident-1"), **fields}
    return await say(clerk, "enrolPerson", "person { id displayName }", **given)


async def code_for(clerk: Player, person_id: str, **fields: Any) -> str:
    answer = await say(clerk, "issueEnrolmentCode", CODE, personId=person_id, **fields)
    assert "enrolmentCode" in answer, answer
    code: str = answer["enrolmentCode"]["code"]
    return code


async def link(player: Player, code: str, **fields: Any) -> Answer:
    return await say(player, "linkAccount", "person { id displayName }", code=code, **fields)


def signed_in(town: Town, uid: str, *, person_id: str | None = None, language: str | None = None) -> Player:
    """Whoever Firebase says has that uid, at a phone of the service."""
    player = Player(town._client, uid, language=language)
    token = town.served.tokens.issue(uid, at=town.clock(), lifetime=timedelta(days=400))
    player._headers["Authorization"] = f"Bearer {token}"
    if person_id is not None:
        player._headers["Lianhu-Person"] = person_id
    return player


async def viewer(player: Player) -> str | None:
    """The id of whom the service takes them for."""
    seen = (await player.ask("{ viewer { person { id } } }"))["viewer"]
    return seen["person"]["id"] if seen else None


async def choices(player: Player) -> list[str]:
    return [person["id"] for person in (await player.ask("{ whoAreYou { id displayName } }"))["whoAreYou"]]


def wrong(code: str, by: int = 1) -> str:
    """Another code that begins the same and could be one."""
    digits = re.sub(r"\D", "", code)
    payload = f"{digits[:4]}{(int(digits[4:7]) + by) % 1000:03}"
    return f"{payload}{check_digit(payload)}"


async def test_a_newcomer_is_entered_at_the_counter_and_asks_from_the_own_phone(town: Town) -> None:
    clerk, newcomer = await town.people("centre-clerk-1", "newcomer-1")
    assert (await viewer(newcomer), await choices(newcomer)) == (None, [])
    refusal = await say(newcomer, "submitRequest", "request { id }", itemId=town.item("stairwell-lamp"), text="灯不亮")
    assert refusal["code"] == "SIGN_IN_REQUIRED"

    person = (await enrol(clerk, town))["person"]
    assert person["displayName"] == "新邻居"
    code = await code_for(clerk, person["id"])
    assert re.fullmatch(r"\d{4} \d{4}", code)
    assert await link(newcomer, code.replace(" ", "－")) == {"person": person}

    assert (await viewer(newcomer), await choices(newcomer)) == (person["id"], [person["id"]])
    matter = await submit(town, newcomer)
    worker = await town.person("grid-worker-1")
    assert (await node(worker, matter.task_id)) == {"__typename": "Task"}
    assert await node(worker, person["id"], "... on Person { displayName }") == {"displayName": "新邻居"}


async def test_entering_a_resident_leaves_the_version_of_the_organisation_alone(town: Town) -> None:
    clerk = await town.person("centre-clerk-1")
    township = town.house.mongo.collection("townships")
    before = await township.find_one({"_id": town.planned.township_code}, {"version": 1, "stamp": 1})

    answer = await enrol(clerk, town)
    await say(clerk, "correctPerson", "person { id }", personId=answer["person"]["id"], displayName="新邻居二")

    assert await township.find_one({"_id": town.planned.township_code}, {"version": 1, "stamp": 1}) == before


async def test_nobody_under_fourteen_is_enrolled_and_nothing_is_kept(town: Town) -> None:
    clerk = await town.person("centre-clerk-1")

    async with nothing_written(town):
        answer = await enrol(clerk, town, isOverFourteen=False)

    assert (answer["code"], answer["field"]) == ("INVALID_INPUT", "isOverFourteen")
    assert "监护人" in answer["message"]


async def test_a_name_is_one_line_that_can_be_read(town: Town) -> None:
    clerk = await town.person("centre-clerk-1")

    async with nothing_written(town):
        for bad in ("", "  ", "王\n秀芳", "王\u0007", "王\u202e", "长" * 101):
            refusal = await enrol(clerk, town, bad)
            assert (refusal["code"], refusal["field"]) == ("INVALID_INPUT", "displayName"), bad
    assert (await enrol(clerk, town, " 阿依古丽·买买提 "))["person"]["displayName"] == "阿依古丽·买买提"


async def test_only_who_may_enrols_and_only_within_reach(town: Town) -> None:
    resident, leader, clerk, administrator = await town.people("resident-1", "grid-leader-1", "centre-clerk-1", "administrator-1")

    async with nothing_written(town):
        for somebody in (resident, leader):
            assert (await enrol(somebody, town))["code"] == "NOT_ALLOWED"
        assert (await say(resident, "issueEnrolmentCode", CODE, personId=town.id_of("resident-2")))["code"] == "NOT_FOUND"
        assert (await say(leader, "issueEnrolmentCode", CODE, personId=town.id_of("resident-2")))["code"] == "NOT_ALLOWED"
        assert (await enrol(town.stranger(), town))["code"] == "SIGN_IN_REQUIRED"
        assert (await enrol(clerk, town, householdId="home"))["code"] == "NOT_FOUND"
        refusal = await enrol(clerk, town, householdId=None)
        assert (refusal["code"], refusal["field"]) == ("NOT_ALLOWED", "householdId")
        # A code for somebody with a post would open the post.
        for handle in ("secretary-2", "administrator-1", "grid-worker-1"):
            assert (await say(clerk, "issueEnrolmentCode", CODE, personId=town.id_of(handle)))["code"] == "NOT_ALLOWED", handle
        for handle in ("hub-host-1", "link-member-1"):
            assert (await say(clerk, "issueEnrolmentCode", CODE, personId=town.id_of(handle)))["code"] == "NOT_FOUND", handle
        missing = town.id_of("resident-2")[:-12] + "0123456789ab"
        for somebody in (clerk, administrator):
            for nobody in (missing, "pers", home_of(town, "resident-1")):
                assert (await say(somebody, "issueEnrolmentCode", CODE, personId=nobody))["code"] == "NOT_FOUND"

    assert "person" in await enrol(administrator, town, "新同事", householdId=None)
    assert await code_for(administrator, town.id_of("grid-worker-1"))


async def test_no_two_persons_have_one_code_of_the_list(town: Town) -> None:
    administrator = await town.person("administrator-1")
    first = await enrol(administrator, town, code="A-17")
    assert "person" in first

    async with nothing_written(town):
        refusal = await enrol(administrator, town, "另一位", code="A-17")

    assert (refusal["code"], refusal["field"]) == ("CONFLICT", "code")
    assert "person" in await enrol(administrator, town, "没有编号")
    assert "person" in await enrol(administrator, town, "也没有编号")


async def test_a_wrong_name_is_written_over_and_seen_at_once_where_there_is_a_post(town: Town) -> None:
    administrator, resident = await town.people("administrator-1", "resident-1")
    worker = town.id_of("grid-worker-1")

    answer = await say(administrator, "correctPerson", "person { displayName }", personId=worker, displayName="改名员")

    assert answer == {"person": {"displayName": "改名员"}}
    assert await node(resident, worker, "... on Person { displayName }") == {"displayName": "改名员"}
    async with nothing_written(town):
        assert (await say(administrator, "correctPerson", "person { id }", personId=worker))["code"] == "INVALID_INPUT"
        assert (await say(administrator, "correctPerson", "person { id }", personId=worker, displayName=" "))["field"] == "displayName"
        refusal = await say(administrator, "correctPerson", "person { id }", personId=worker, householdId="home")
        assert (refusal["code"], refusal["field"]) == ("NOT_FOUND", "householdId")


async def test_a_code_is_shown_once_and_kept_nowhere(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    clerk, newcomer = await town.people("centre-clerk-1", "newcomer-1")
    known = numbers_in(await everything_kept(town))

    first = {"code": ""}
    while not first["code"] or first["code"][-4:] in {*known, first["code"][:4]}:  # a number that was there before shows nothing
        given = {"commandId": str(uuid4()), "personId": town.id_of("resident-2")}
        first = (await say(clerk, "issueEnrolmentCode", CODE, **given))["enrolmentCode"]
    again = (await say(clerk, "issueEnrolmentCode", CODE, **given))["enrolmentCode"]

    assert first["code"] in first["slip"]
    assert again == {"code": None, "slip": None, "validUntil": None, "person": first["person"]}
    digits = first["code"].replace(" ", "")
    kept = await everything_kept(town)
    assert digits not in kept
    assert digits[4:] not in numbers_in(kept)
    await link(newcomer, wrong(digits))
    await link(newcomer, digits)
    written = " ".join(str(record.__dict__) for record in caplog.records)
    assert digits not in written
    assert first["code"] not in written


async def everything_kept(town: Town) -> str:
    return said_in([[str(document) for document in await documents.find({}).to_list()] for documents in await collections(town)])


def numbers_in(text: str) -> set[str]:
    """But for those in ids and digests, which have any four digits now and then."""
    return set(re.findall(r"\d+", re.sub(r"[0-9a-f-]{16,}", " ", text)))


async def collections(town: Town) -> list[Any]:
    return [town.house.mongo.collection(name) for name in await town.house.mongo.database.list_collection_names()]


async def test_the_slip_fits_the_printer_in_both_languages_and_has_no_full_name(town: Town) -> None:
    clerk = await town.person("centre-clerk-1")
    english = await town.person("centre-clerk-1", language="en")
    name = next(person.display_name for person in town.planned.persons if person.id == town.id_of("resident-2"))

    for somebody, word in ((clerk, "有效至"), (english, "Good until")):
        answer = (await say(somebody, "issueEnrolmentCode", CODE, personId=town.id_of("resident-2")))["enrolmentCode"]
        lines = answer["slip"].split("\n")
        assert all(sum(1 if character.isascii() else 2 for character in line) <= 42 for line in lines), lines
        assert word in answer["slip"]
        assert "2026-11-30 10:00" in answer["slip"]
        assert name not in answer["slip"]
        assert f"{name[0]}某某" in answer["slip"]


async def test_a_code_works_once_and_a_newer_one_ends_it(town: Town) -> None:
    clerk, newcomer, other = await town.people("centre-clerk-1", "newcomer-1", "resident-4")
    older = await code_for(clerk, town.id_of("resident-2"))
    newer = await code_for(clerk, town.id_of("resident-2"))
    async with nothing_about_accounts(town):
        assert (await link(newcomer, older))["code"] == "NOT_FOUND"

    sent = {"commandId": str(uuid4())}
    linked = await link(newcomer, newer, **sent)

    assert linked["person"]["id"] == town.id_of("resident-2")
    assert await link(newcomer, newer, **sent) == linked  # the same command again
    assert (await link(newcomer, wrong(newer), **sent))["code"] == "COMMAND_MISMATCH"
    async with nothing_about_accounts(town):
        assert (await link(other, newer))["code"] == "NOT_FOUND"
        assert (await link(newcomer, newer))["code"] == "NOT_FOUND"
    assert await choices(newcomer) == [town.id_of("resident-2")]


def nothing_about_accounts(town: Town) -> Any:
    """Wrong tries are counted; nothing else is written."""
    return nothing_written(town, but={"link_tries", "enrolment_codes"})


async def test_a_code_ends_with_its_time(town: Town) -> None:
    clerk, newcomer = await town.people("centre-clerk-1", "newcomer-1")
    spoken = await code_for(clerk, town.id_of("resident-2"), short=True)
    town.clock.advance(minutes=10)
    assert (await link(newcomer, spoken))["code"] == "NOT_FOUND"

    printed = await code_for(clerk, town.id_of("resident-2"))
    town.clock.advance(days=7)
    newcomer = signed_in(town, uid_of("newcomer-1"))
    assert (await link(newcomer, printed))["code"] == "NOT_FOUND"
    assert await viewer(newcomer) is None
    clerk = await town.person("centre-clerk-1")
    await code_for(clerk, town.id_of("resident-4"))
    assert await town.count("enrolment_codes") == 1  # what is too old is removed


async def test_a_slip_of_the_finger_costs_nothing_and_five_wrong_codes_end_the_code(town: Town) -> None:
    clerk = await town.person("centre-clerk-1")
    newcomer, guesser = signed_in(town, "a-newcomer"), signed_in(town, "a-guesser")
    code = await code_for(clerk, town.id_of("resident-2"))

    async with nothing_written(town):
        for typed in ("", "1234", code[:-1], code[:-1] + str((int(code[-1]) + 1) % 10), "一二三四五六七八", "1" * 1_000):
            refusal = await link(newcomer, typed)
            assert (refusal["code"], refusal["field"]) == ("INVALID_INPUT", "code"), typed
    for number in range(1, 6):
        assert (await link(guesser, wrong(code, number)))["code"] == "NOT_FOUND"

    assert (await link(newcomer, code))["code"] == "NOT_FOUND"
    assert await viewer(newcomer) is None
    assert await link(newcomer, await code_for(clerk, town.id_of("resident-2"))) != {}
    assert await viewer(newcomer) == town.id_of("resident-2")


async def test_whoever_guesses_is_stopped_for_the_day(town: Town) -> None:
    clerk, guesser = await town.person("centre-clerk-1"), signed_in(town, "a-guesser")
    for number in range(10):
        payload = f"{number:07}"
        assert (await link(guesser, f"{payload}{check_digit(payload)}"))["code"] == "NOT_FOUND"

    code = await code_for(clerk, town.id_of("resident-2"))
    assert (await link(guesser, code))["code"] == "LIMIT_REACHED"
    assert await viewer(guesser) is None

    town.clock.advance(days=1)
    assert (await link(guesser, code))["person"]["id"] == town.id_of("resident-2")


async def test_many_who_guess_one_beginning_are_stopped_together(town: Town) -> None:
    clerk = await town.person("centre-clerk-1")
    code = await code_for(clerk, town.id_of("resident-2"))
    for number in range(20):
        assert (await link(signed_in(town, f"guesser-{number}"), wrong(code, number + 1)))["code"] == "NOT_FOUND"

    assert (await link(signed_in(town, "another-guesser"), wrong(code, 30)))["code"] == "LIMIT_REACHED"


async def test_whoever_did_not_sign_in_links_nobody(town: Town) -> None:
    clerk = await town.person("centre-clerk-1")
    code = await code_for(clerk, town.id_of("resident-2"))

    async with nothing_written(town):
        assert (await link(town.stranger(), code))["code"] == "SIGN_IN_REQUIRED"
    assert await choices(town.stranger()) == []


async def test_two_on_one_phone_say_who_they_are_and_never_see_each_others_requests(town: Town) -> None:
    uid = uid_of("shared-phone-1")
    first_id, second_id = town.planned.sign_ins["shared-phone-1"]
    phone = await town.person("shared-phone-1")
    assert await viewer(phone) is None
    assert await choices(phone) == [first_id, second_id]
    refusal = await say(phone, "submitRequest", "request { id }", itemId=town.item("stairwell-lamp"), text="灯不亮")
    assert refusal["code"] == "SIGN_IN_REQUIRED"

    first, second = signed_in(town, uid, person_id=first_id), signed_in(town, uid, person_id=second_id)
    assert (await viewer(first), await viewer(second)) == (first_id, second_id)
    matter = await submit(town, first)
    await town.settle()

    assert await node(first, matter.request_id) == {"__typename": "Request"}
    for other in (second, phone):
        assert await node(other, matter.request_id) is None
        assert rows((await other.ask("{ requests { edges { node { id } } } }"))["requests"]) == []
        assert (await other.ask("query($n: String!) { request(number: $n) { id } }", n=matter.number))["request"] is None
        answered = await say(other, "answerFollowUp", "request { id }", requestId=matter.request_id, verdict="SOLVED", grade="SATISFIED")
        assert answered["code"] == ("NOT_FOUND" if other is second else "SIGN_IN_REQUIRED")
    assert await inbox(second) == []
    assert (await second.ask("{ changes { changed { id } } }"))["changes"]["changed"] == []
    cursor = (await first.ask("{ changes { cursor } }"))["changes"]["cursor"]
    told = (await second.ask("query($c: String) { changes(after: $c) { reset changed { id } } }", c=cursor))["changes"]
    assert told == {"reset": True, "changed": []}  # what the phone has of the first is not the second's to go on with


async def test_a_header_that_names_somebody_else_is_nobody(town: Town) -> None:
    for named in (town.id_of("resident-1"), "pers", "$person_ids", "x" * 2_000):
        assert await viewer(signed_in(town, uid_of("shared-phone-1"), person_id=named)) is None
        assert await viewer(signed_in(town, uid_of("resident-2"), person_id=named)) is None
    own = town.id_of("resident-2")
    assert await viewer(signed_in(town, uid_of("resident-2"), person_id=own)) == own
    assert await viewer(signed_in(town, uid_of("resident-2"), person_id="")) == own


async def test_a_sign_in_has_five_persons_at_most(town: Town) -> None:
    clerk, phone = await town.person("centre-clerk-1"), signed_in(town, "a-full-phone")
    for number in (1, 2, 3, 4, 5):
        assert "person" in await link(phone, await code_for(clerk, town.id_of(f"resident-{number}")))

    code = await code_for(clerk, town.id_of("resident-6"))
    async with nothing_about_accounts(town):
        assert (await link(phone, code))["code"] == "LIMIT_REACHED"
    assert "person" in await link(signed_in(town, "another-phone"), code)  # it was not used up


async def test_on_a_socket_whoever_is_named_hears_the_own_changes_until_unlinked(town: Town) -> None:
    uid = uid_of("shared-phone-1")
    first_id, second_id = town.planned.sign_ins["shared-phone-1"]
    first, clerk = signed_in(town, uid, person_id=first_id), await town.person("centre-clerk-1")
    second = signed_in(town, uid, person_id=second_id)

    async with listening(town, first) as line:
        hers = await submit(town, second)
        his = await submit(town, first)
        await town.settle()
        batches = await line.until(his.request_id)
        assert hers.request_id not in said_in(batches)

        assert "person" in await say(clerk, "unlinkAccount", "person { id }", personId=first_id)
        await act(await town.person("grid-worker-5"), "acknowledgeTask", his)
        await town.settle()
        assert (await line.hear())["type"] == "complete"
    assert await viewer(first) is None
    assert await viewer(signed_in(town, uid)) == second_id  # the only one left needs no header


async def test_a_lost_phone_opens_nothing_and_rings_no_more(town: Town) -> None:
    clerk, resident, worker = await town.people("centre-clerk-1", "resident-1", "grid-worker-1")
    token = await register(resident)
    matter = await submit(town, resident)
    old_code = await code_for(clerk, town.id_of("resident-1"))

    sent = {"commandId": str(uuid4()), "personId": town.id_of("resident-1")}
    assert "person" in await say(clerk, "unlinkAccount", "person { id }", **sent)
    assert "person" in await say(clerk, "unlinkAccount", "person { id }", **sent)

    assert (await viewer(resident), await choices(resident), await node(resident, matter.request_id)) == (None, [], None)
    assert (await link(resident, old_code))["code"] == "NOT_FOUND"
    assert await town.count("devices", token=token, retired_at=None) == 0
    assert pushes(town, token) == []
    assert (await node(worker, matter.request_id)) == {"__typename": "Request"}  # the work goes on
    new_phone = signed_in(town, "a-new-phone")
    await link(new_phone, await code_for(clerk, town.id_of("resident-1")))
    assert await node(new_phone, matter.request_id) == {"__typename": "Request"}


async def test_one_unlinks_oneself_and_nobody_else(town: Town) -> None:
    resident, neighbour = await town.people("resident-1", "resident-2")

    async with nothing_written(town):
        assert (await say(neighbour, "unlinkAccount", "person { id }", personId=town.id_of("resident-1")))["code"] == "NOT_FOUND"
        assert (await say(town.stranger(), "unlinkAccount", "person { id }", personId=town.id_of("resident-1")))[
            "code"
        ] == "SIGN_IN_REQUIRED"
    assert "person" in await say(resident, "unlinkAccount", "person { id }", personId=town.id_of("resident-1"))

    assert await viewer(resident) is None
    assert await viewer(neighbour) == town.id_of("resident-2")
    assert await town.count("accounts", _id=uid_of("resident-1")) == 0


async def test_a_number_that_somebody_else_has_now_opens_nothing(town: Town) -> None:
    """With an account of its own at once; with the old one where nobody used it for as long as a carrier rests a number."""
    resident = await town.person("resident-1")
    matter = await submit(town, resident)
    somebody_new = signed_in(town, "the-same-number-another-account")
    assert (await viewer(somebody_new), await choices(somebody_new), await node(somebody_new, matter.request_id)) == (None, [], None)

    town.clock.advance(days=89)
    still = signed_in(town, uid_of("resident-1"))
    assert await viewer(still) == town.id_of("resident-1")
    town.clock.advance(days=90)
    checked_anew = signed_in(town, uid_of("resident-1"))
    assert (await viewer(checked_anew), await choices(checked_anew), await node(checked_anew, matter.request_id)) == (None, [], None)
    assert await viewer(still) == town.id_of("resident-1"), "a phone that stayed signed in is the same phone"
    town.clock.advance(days=181)
    assert (await viewer(still), await choices(still), await node(still, matter.request_id)) == (None, [], None)

    clerk = await town.person("centre-clerk-2")  # stale as well, until an administrator hands out a code
    assert await viewer(clerk) is None


async def test_a_stale_link_is_renewed_by_a_code_for_the_one_person_only(town: Town) -> None:
    uid = uid_of("shared-phone-1")
    first_id, second_id = town.planned.sign_ins["shared-phone-1"]
    assert await viewer(signed_in(town, uid, person_id=first_id)) == first_id
    for _ in range(4):  # the clerk comes to work now and then, the phone lies in a drawer
        town.clock.advance(days=55)
        clerk = await town.person("centre-clerk-1")
        assert await viewer(clerk) == town.id_of("centre-clerk-1")
    phone = signed_in(town, uid)
    assert await choices(phone) == []

    await link(phone, await code_for(clerk, second_id))

    assert (await viewer(phone), await choices(phone)) == (second_id, [second_id])
    assert await viewer(signed_in(town, uid, person_id=first_id)) is None


async def test_the_day_of_the_last_use_is_one_day_without_a_history(town: Town) -> None:
    resident = signed_in(town, uid_of("resident-1"))
    accounts = town.house.mongo.collection("accounts")
    for _ in range(3):
        await viewer(resident)
    assert (await accounts.find_one({"_id": uid_of("resident-1")}) or {})["last_used_day"] == "2026-11-23"

    town.clock.advance(days=1)
    await viewer(resident)

    kept = await accounts.find_one({"_id": uid_of("resident-1")})
    assert kept == {
        "_id": uid_of("resident-1"),
        "township": town.planned.township_code,
        "person_ids": [town.id_of("resident-1")],
        "last_used_day": "2026-11-24",
    }


async def test_a_bad_token_links_nobody_either(town: Town) -> None:
    player = Player(town._client, "nobody")
    player._headers["Authorization"] = "Bearer nonsense"

    assert (await raw(player, "{ whoAreYou { id } }"))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
