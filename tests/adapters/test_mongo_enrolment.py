"""Persons, codes and sign-ins on MongoDB: one code links once, and tries are counted, however many come at the same moment."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from adapters.mongo.migrations import MIGRATIONS
from domain.access import NOBODY
from domain.accounts import unknown_code
from domain.check_digits import check_digit
from domain.errors import RefusalCode, Refused
from domain.identity import SignIn
from domain.ids import Kind
from domain.people import Person
from domain.posts import Appointment, Role
from resolvers.accounts import LinkAccount, UnlinkAccount, link_account, unlink_account, who_are_you
from resolvers.acting import Done
from resolvers.enrolment import CorrectPerson, EnrolPerson, IssueEnrolmentCode, correct_person, enrol_person, issue_enrolment_code
from server.demo.settlement import uid_of
from tests.adapters.stage import Stage
from tests.reorganising import keep


def sign_in(stage: Stage, uid: str) -> SignIn:
    now = stage.clock()
    return SignIn(uid, now, now + timedelta(hours=1))


async def code_for(stage: Stage, handle: str, by: str = "administrator-1") -> str:
    sent = IssueEnrolmentCode(uuid4(), stage.id_of(handle))
    issued = (await issue_enrolment_code(sent, by=await stage.actor(by), ports=stage.house.ports)).subject
    assert issued.digits is not None
    return issued.digits


async def link(stage: Stage, uid: str, code: str) -> Done[Person]:
    return await link_account(LinkAccount(uuid4(), code), sign_in=sign_in(stage, uid), ports=stage.house.ports)


async def at_once(*deeds: Any) -> tuple[list[Any], list[RefusalCode]]:
    """What was done, and why the others were not."""
    ended: Sequence[Any] = await asyncio.gather(*deeds, return_exceptions=True)
    done = [end for end in ended if not isinstance(end, BaseException)]
    refused = [end.refusal.code for end in ended if isinstance(end, Refused)]
    assert len(done) + len(refused) == len(deeds), ended
    return done, refused


def others(code: str) -> list[str]:
    """Every other code that begins the same."""
    payloads = [f"{code[:4]}{number:03}" for number in range(1_000)]
    return [found for payload in payloads if (found := f"{payload}{check_digit(payload)}") != code]


async def test_of_fifty_who_try_one_code_at_once_one_is_linked(stage: Stage) -> None:
    code = await code_for(stage, "resident-2")

    done, refused = await at_once(*(link(stage, f"phone-{number}", code) for number in range(50)))

    assert [one.subject.id for one in done] == [stage.id_of("resident-2")]
    assert set(refused) <= {RefusalCode.NOT_FOUND, RefusalCode.LIMIT_REACHED}
    linked = [account["_id"] for account in await stage.find("accounts", person_ids=stage.id_of("resident-2"))]
    assert len(linked) == 2  # the own phone, and one of the fifty
    assert uid_of("resident-2") in linked
    assert await stage.count("enrolment_codes") == 0
    assert await stage.count("commands", verb="linkAccount") == 1


async def test_the_same_command_sent_at_once_many_times_links_once_and_answers_the_same(stage: Stage) -> None:
    sent, shown = LinkAccount(uuid4(), await code_for(stage, "resident-2")), sign_in(stage, "a-phone")

    done, refused = await at_once(*(link_account(sent, sign_in=shown, ports=stage.house.ports) for _ in range(4)))
    again = await link_account(sent, sign_in=shown, ports=stage.house.ports)

    assert {one.subject.id for one in done} == {stage.id_of("resident-2")}
    assert set(refused) <= {RefusalCode.NOT_FOUND}
    assert (again.is_replay, again.subject.id) == (True, stage.id_of("resident-2"))
    assert await stage.count("commands", verb="linkAccount") == 1


async def test_wrong_codes_are_counted_when_they_come_all_at_once(stage: Stage) -> None:
    """A thousand codes begin like this one; whoever tries them all at once has five tries at it, and not one more."""
    code = await code_for(stage, "resident-2")

    done, refused = await at_once(*(link(stage, f"guesser-{number}", wrong) for number, wrong in enumerate(others(code)[:60])))

    assert done == []
    assert (refused.count(RefusalCode.NOT_FOUND), refused.count(RefusalCode.LIMIT_REACHED)) == (20, 40)
    [kept] = await stage.find("enrolment_codes")
    assert kept["tries"] == 5
    stage.clock.advance(days=1)
    with pytest.raises(Refused):
        await link(stage, "a-phone", code)
    assert await stage.signed_in("a-phone") == NOBODY


async def test_one_sign_in_has_ten_wrong_codes_a_day_at_once_or_not(stage: Stage) -> None:
    payloads = [f"{number:04}000" for number in range(40)]

    done, refused = await at_once(*(link(stage, "a-guesser", f"{payload}{check_digit(payload)}") for payload in payloads))

    assert done == []
    assert (refused.count(RefusalCode.NOT_FOUND), refused.count(RefusalCode.LIMIT_REACHED)) == (10, 30)
    assert [row["_id"] for row in await stage.find("link_tries") if row["_id"].startswith("sign-in")] == [
        sign_in(stage, "a-guesser").author
    ]
    stage.clock.advance(days=1)
    with pytest.raises(Refused):
        await link(stage, "another", others("00000000")[5])
    assert await stage.count("link_tries") == 2  # yesterday's are removed


async def test_a_right_code_is_no_wrong_try_for_another_that_begins_the_same(stage: Stage) -> None:
    ports, administrator = stage.house.ports, await stage.actor("administrator-1")
    resident, other = [
        next(person for person in stage.planned.persons if person.id == stage.id_of(name)) for name in ("resident-2", "resident-4")
    ]
    first, second = others("12340000")[7], others("12340000")[8]
    for whose, digits in ((resident, first), (other, second)):
        until = stage.clock() + timedelta(days=1)
        await ports.enrolment.issue(whose, digits, salt=digits, valid_until=until, administered=(), command=stage.command())

    assert (await link(stage, "a-phone", second)).subject.id == other.id

    [kept] = await stage.find("enrolment_codes")
    assert (kept["_id"], kept["tries"]) == (resident.id, 0)
    assert {row["count"] for row in await stage.find("link_tries")} == {0}
    assert administrator.id is not None


async def test_a_code_from_a_counter_opens_no_post_that_was_given_since(stage: Stage) -> None:
    root = stage.planned.parts.units[0]
    id_ = stage.house.ports.ids.new(Kind.APPOINTMENT, stage.township, stage.clock())
    post = Appointment(id_, stage.township, stage.id_of("resident-2"), Role.SECRETARY, root.id, date(2026, 12, 1))
    code = await code_for(stage, "resident-2", by="centre-clerk-1")
    await keep(stage.house, stage.township, post)  # it begins next week

    with pytest.raises(Refused) as no:
        await link(stage, "the-clerks-phone", code)

    assert (no.value.refusal.code, no.value.refusal.message) == (RefusalCode.NOT_FOUND, unknown_code().refusal.message)
    assert await stage.signed_in("the-clerks-phone") == NOBODY
    assert [row["tries"] for row in await stage.find("enrolment_codes")] == [1]  # like any wrong one
    administrators = await code_for(stage, "resident-2")
    assert (await link(stage, "their-own-phone", administrators)).subject.id == stage.id_of("resident-2")


async def test_a_code_from_a_branch_opens_posts_of_the_branch_and_no_others(stage: Stage) -> None:
    branch, root = stage.planned.parts.grids[0].branch_id, stage.planned.parts.units[0].id
    old = next(post for post in stage.planned.parts.appointments if post.person_id == stage.id_of("administrator-1"))
    await keep(stage.house, stage.township, replace(old, unit_id=branch))
    first, second = [await code_for(stage, handle) for handle in ("resident-1", "grid-worker-1")]
    id_ = stage.house.ports.ids.new(Kind.APPOINTMENT, stage.township, stage.clock())
    await keep(
        stage.house, stage.township, Appointment(id_, stage.township, stage.id_of("resident-1"), Role.SECRETARY, root, date(2026, 11, 1))
    )

    with pytest.raises(Refused) as no:
        await link(stage, "a-phone", first)

    assert no.value.refusal.code is RefusalCode.NOT_FOUND
    assert (await link(stage, "a-phone", second)).subject.id == stage.id_of("grid-worker-1")


async def test_many_codes_link_many_persons_to_one_phone_at_once(stage: Stage) -> None:
    codes = [await code_for(stage, f"resident-{number}") for number in (1, 2, 3, 4)]

    done, refused = await at_once(*(link(stage, "a-phone", code) for code in codes))

    assert refused == []
    persons = await who_are_you(sign_in(stage, "a-phone"), ports=stage.house.ports)
    assert {person.id for person in persons} == {one.subject.id for one in done}
    assert len(persons) == 4


async def test_of_many_who_enter_the_same_code_of_the_list_one_is_entered(stage: Stage) -> None:
    administrator, ports = await stage.actor("administrator-1"), stage.house.ports
    before = await stage.count("persons")

    sent = [EnrolPerson(uuid4(), f"新{number}", is_over_fourteen=True, code="A-17") for number in range(12)]
    done, refused = await at_once(*(enrol_person(one, by=administrator, ports=ports) for one in sent))

    assert (len(done), set(refused)) == (1, {RefusalCode.CONFLICT})
    assert await stage.count("persons") == before + 1
    assert await stage.count("commands", verb="enrolPerson") == 1


async def test_whoever_is_entered_while_the_organisation_changes_is_there_in_every_version(stage: Stage) -> None:
    administrator, ports = await stage.actor("administrator-1"), stage.house.ports

    async def reorganising() -> None:
        for post in stage.planned.parts.appointments[:4]:
            await keep(stage.house, stage.township, post)

    entering = [
        enrol_person(EnrolPerson(uuid4(), f"新{number}", is_over_fourteen=True), by=administrator, ports=ports) for number in range(6)
    ]

    ended = await asyncio.gather(*entering, reorganising())

    after = await stage.actor("administrator-1")
    assert after.organisation is not None
    assert after.organisation.version == 5
    for done in ended[:6]:
        assert done is not None
        assert await ports.enrolment.person(after.organisation, done.subject.id) == done.subject


async def test_nobody_is_entered_while_an_import_is_applied(stage: Stage) -> None:
    administrator, ports = await stage.actor("administrator-1"), stage.house.ports
    staging = {"version": 2, "lease": "an import", "until": stage.clock() + timedelta(minutes=1)}
    await stage.house.mongo.collection("townships").update_one({"_id": stage.township}, {"$set": {"staging": staging}})
    before = await stage.contents()
    corrected = CorrectPerson(uuid4(), stage.id_of("resident-1"), "改名")

    for deed in (
        enrol_person(EnrolPerson(uuid4(), "新邻居", is_over_fourteen=True), by=administrator, ports=ports),
        correct_person(corrected, by=administrator, ports=ports),
    ):
        with pytest.raises(Refused) as no:
            await deed
        assert no.value.refusal.code is RefusalCode.CONFLICT
    assert await stage.contents() == before


async def test_a_correction_leaves_one_row_and_no_wrong_name(stage: Stage) -> None:
    administrator, ports = await stage.actor("administrator-1"), stage.house.ports
    home = next(person.household_id for person in stage.planned.persons if person.id == stage.id_of("resident-4"))

    sent = CorrectPerson(uuid4(), stage.id_of("resident-1"), "改名", home)
    done = await correct_person(sent, by=administrator, ports=ports)
    again = await correct_person(sent, by=administrator, ports=ports)

    [kept] = await stage.find("persons", id=stage.id_of("resident-1"))
    assert (kept["display_name"], kept["household_id"], kept["from_version"]) == ("改名", home, 1)
    assert (again.is_replay, again.subject) == (True, done.subject)
    assert (await stage.actor("resident-1")).home is not None


async def test_who_corrects_a_name_and_who_corrects_the_home_at_once_undo_nothing_of_each_other(stage: Stage) -> None:
    administrator, ports = await stage.actor("administrator-1"), stage.house.ports
    home = next(person.household_id for person in stage.planned.persons if person.id == stage.id_of("resident-4"))

    for handle in ("resident-1", "link-member-1"):  # without a post, and with one
        id_ = stage.id_of(handle)
        renamed, moved = CorrectPerson(uuid4(), id_, "改名"), CorrectPerson(uuid4(), id_, household_id=home)
        await asyncio.gather(*(correct_person(sent, by=administrator, ports=ports) for sent in (renamed, moved)))

        assert administrator.organisation is not None
        now = await ports.organisations.of_township(stage.township)
        assert now is not None
        kept = await ports.enrolment.person(now, id_)
        assert kept is not None
        assert (kept.display_name, kept.household_id) == ("改名", home)


async def test_whoever_is_gone_is_nobody_and_their_code_links_nobody(stage: Stage) -> None:
    code = await code_for(stage, "resident-2")
    await keep(stage.house, stage.township, gone=(("persons", stage.id_of("resident-2")),))

    with pytest.raises(Refused) as no:
        await link(stage, "a-phone", code)

    assert no.value.refusal.code is RefusalCode.NOT_FOUND
    assert await stage.signed_in(uid_of("resident-2")) == NOBODY
    assert await who_are_you(sign_in(stage, uid_of("resident-2")), ports=stage.house.ports) == []


async def test_a_sign_in_is_of_one_township_until_it_is_unlinked(stage: Stage) -> None:
    await stage.plant_other()
    code = await code_for(stage, "resident-2")

    with pytest.raises(Refused) as no:
        await link(stage, "other-resident-1", code)
    assert no.value.refusal.code is RefusalCode.WRONG_STATE
    stranger = await stage.signed_in("other-resident-1")
    assert stranger.id is not None
    await unlink_account(UnlinkAccount(uuid4(), stranger.id), by=stranger, ports=stage.house.ports)

    assert (await link(stage, "other-resident-1", code)).subject.id == stage.id_of("resident-2")
    assert (await stage.signed_in("other-resident-1")).id == stage.id_of("resident-2")


async def test_an_administrator_of_another_township_reaches_nobody_here(stage: Stage) -> None:
    await stage.plant_other()
    other, ports = await stage.signed_in("other-administrator-1"), stage.house.ports
    before = await stage.contents()
    resident = stage.id_of("resident-2")

    for deed in (
        issue_enrolment_code(IssueEnrolmentCode(uuid4(), resident), by=other, ports=ports),
        unlink_account(UnlinkAccount(uuid4(), resident), by=other, ports=ports),
        correct_person(CorrectPerson(uuid4(), resident, "改名"), by=other, ports=ports),
    ):
        with pytest.raises(Refused) as no:
            await deed
        assert no.value.refusal.code is RefusalCode.NOT_FOUND
    assert await stage.contents() == before


async def test_accounts_of_the_last_release_become_accounts_of_several_persons(stage: Stage) -> None:
    accounts = stage.house.mongo.collection("accounts")
    old = {"_id": "an-old-one", "township": stage.township, "person_id": stage.id_of("resident-2")}
    await accounts.insert_one(old, bypass_document_validation=True)

    for _ in range(2):
        await next(migration for migration in MIGRATIONS if migration.number == 3).run(stage.house.mongo, stage.clock())

    kept = await accounts.find_one({"_id": "an-old-one"})
    assert kept is not None
    assert (kept["person_ids"], kept["person_id"]) == ([stage.id_of("resident-2")], stage.id_of("resident-2"))
    await accounts.update_one({"_id": "an-old-one"}, {"$set": {"last_used_day": "2026-11-23"}})
    assert (await stage.signed_in("an-old-one")).id == stage.id_of("resident-2")


async def test_whoever_does_not_act_is_read_in_one_command_and_the_day_is_written_once(stage: Stage) -> None:
    accounts = stage.house.mongo.collection("accounts")
    await stage.actor("resident-1")
    await accounts.update_one({"_id": uid_of("resident-1")}, {"$set": {"last_used_day": "2026-11-25"}})

    await stage.actor("resident-1")  # a clock that runs behind writes no earlier day

    assert (await accounts.find_one({"_id": uid_of("resident-1")}) or {})["last_used_day"] == "2026-11-25"
