"""Whom somebody may enrol, correct, hand a code and unlink: by post, by unit, and by where people live."""

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from domain.enrolment import reach_of
from domain.errors import RefusalCode, Refused
from domain.identity import SignIn
from domain.ids import Kind
from domain.posts import Appointment, Role
from resolvers.accounts import LinkAccount, UnlinkAccount, link_account, unlink_account, who_are_you
from resolvers.enrolment import CorrectPerson, EnrolPerson, IssueEnrolmentCode, correct_person, enrol_person, issue_enrolment_code
from resolvers.organisation import persons_by_ids
from server.demo.settlement import uid_of
from tests.reorganising import keep
from tests.resolvers.conftest import Deeds

NO_RIGHT = (
    *("resident-1", "grid-worker-1", "grid-leader-1", "secretary-1", "secretary-2", "dispatcher-1", "hub-host-1", "link-member-1"),
    *("provider-worker-1", "volunteer-1", "privacy-officer-1", "village-officer-1"),
)
STAFF = (
    "grid-worker-1",
    "secretary-2",
    "dispatcher-1",
    "hub-host-1",
    "link-member-1",
    "administrator-1",
    "centre-clerk-2",
    "privacy-officer-1",
)


async def may(deeds: Deeds, by: str, whom: str) -> RefusalCode | None:
    """Why somebody gets no code for somebody else; nothing where they do."""
    try:
        sent = IssueEnrolmentCode(uuid4(), deeds.id_of(whom))
        await issue_enrolment_code(sent, by=await deeds.actor(by), ports=deeds.ports)
    except Refused as no:
        return no.refusal.code
    return None


async def test_without_the_right_whom_one_may_see_is_not_allowed_and_others_do_not_exist(deeds: Deeds) -> None:
    for by in NO_RIGHT:
        for whom in ("resident-2", "grid-worker-2", "hub-host-2", by):
            is_seen = await persons_by_ids([deeds.id_of(whom)], by=await deeds.actor(by), ports=deeds.ports)
            assert await may(deeds, by, whom) is (RefusalCode.NOT_ALLOWED if is_seen else RefusalCode.NOT_FOUND), (by, whom)
    assert await may(deeds, "nobody", "resident-2") is RefusalCode.SIGN_IN_REQUIRED


async def test_the_townships_administrator_reaches_everybody_in_it(deeds: Deeds) -> None:
    for whom in (*STAFF, "resident-1", "resident-4"):
        assert await may(deeds, "administrator-1", whom) is None, whom


async def test_a_clerk_reaches_residents_and_nobody_with_a_post(deeds: Deeds) -> None:
    for whom in ("resident-1", "resident-4", "resident-60"):
        assert await may(deeds, "centre-clerk-1", whom) is None, whom
    for whom in STAFF:
        assert await may(deeds, "centre-clerk-1", whom) in {RefusalCode.NOT_ALLOWED, RefusalCode.NOT_FOUND}, whom


async def test_a_resident_with_a_post_is_the_administrators_from_the_day_it_is_given(deeds: Deeds) -> None:
    branch = deeds.planned.parts.grids[0].branch_id
    id_ = deeds.ports.ids.new(Kind.APPOINTMENT, deeds.planned.township_code, deeds.clock())
    post = Appointment(id_, deeds.planned.township_code, deeds.id_of("resident-2"), Role.VOLUNTEER, branch, date(2026, 12, 1))
    assert await may(deeds, "centre-clerk-1", "resident-2") is None

    await keep(deeds.house, deeds.planned.township_code, post)  # it begins next week

    assert await may(deeds, "centre-clerk-1", "resident-2") is RefusalCode.NOT_ALLOWED
    assert await may(deeds, "administrator-1", "resident-2") is None
    await keep(deeds.house, deeds.planned.township_code, replace(post, until=date(2026, 11, 23), since=date(2026, 1, 1)))
    assert await may(deeds, "centre-clerk-1", "resident-2") is None


async def test_an_administrator_of_a_branch_reaches_its_homes_and_posts_only(deeds: Deeds) -> None:
    branch = deeds.planned.parts.grids[0].branch_id
    old = next(post for post in deeds.planned.parts.appointments if post.person_id == deeds.id_of("administrator-1"))
    await keep(deeds.house, deeds.planned.township_code, replace(old, unit_id=branch))

    for whom in ("resident-1", "grid-worker-1", "grid-leader-1", "hub-host-1", "administrator-1"):
        assert await may(deeds, "administrator-1", whom) is None, whom
    assert await may(deeds, "administrator-1", "resident-4") is RefusalCode.NOT_FOUND
    assert await may(deeds, "administrator-1", "grid-worker-2") is RefusalCode.NOT_ALLOWED
    assert await may(deeds, "administrator-1", "secretary-2") is RefusalCode.NOT_ALLOWED
    home = deeds.home("resident-4").id
    refusal = await deeds.refused(enrol_person, EnrolPerson(uuid4(), "新邻居", is_over_fourteen=True, household_id=home), "administrator-1")
    assert (refusal.code, refusal.field) == (RefusalCode.NOT_FOUND, "householdId")
    moved = CorrectPerson(uuid4(), deeds.id_of("resident-1"), household_id=home)
    assert (await deeds.refused(correct_person, moved, "administrator-1")).field == "householdId"


async def test_a_code_of_the_list_is_taken_from_whoever_imports_the_list_only(deeds: Deeds) -> None:
    home = deeds.home("resident-1").id
    entered = EnrolPerson(uuid4(), "无名氏", is_over_fourteen=True, household_id=home, code="secretary-new")

    refusal = await deeds.refused(enrol_person, entered, "centre-clerk-1")
    assert (refusal.code, refusal.field) == (RefusalCode.NOT_ALLOWED, "code")

    for by, sent in (("centre-clerk-1", replace(entered, code=" ")), ("administrator-1", replace(entered, command_id=uuid4()))):
        done = await enrol_person(sent, by=await deeds.actor(by), ports=deeds.ports)
        assert done.subject.code == (sent.code or "").strip()


async def test_no_post_no_reach(deeds: Deeds) -> None:
    resident, clerk = await deeds.actor("resident-1"), await deeds.actor("centre-clerk-1")
    assert resident.organisation is not None
    assert clerk.organisation is not None

    assert reach_of(resident, resident.organisation).is_empty
    assert not reach_of(clerk, clerk.organisation).is_empty
    assert not reach_of(clerk, clerk.organisation).has_home(None)


async def test_what_is_sent_again_is_answered_again(deeds: Deeds) -> None:
    administrator = await deeds.actor("administrator-1")
    entered = EnrolPerson(uuid4(), "新邻居", is_over_fourteen=True)
    first = await enrol_person(entered, by=administrator, ports=deeds.ports)

    again = await enrol_person(entered, by=administrator, ports=deeds.ports)
    assert (again.is_replay, again.subject) == (True, first.subject)
    other = replace(entered, display_name="另一位")
    assert (await deeds.refused(enrol_person, other, "administrator-1")).code is RefusalCode.COMMAND_MISMATCH

    renamed = CorrectPerson(uuid4(), deeds.id_of("grid-worker-1"), "改名员")
    for is_replay in (False, True):
        done = await correct_person(renamed, by=await deeds.actor("administrator-1"), ports=deeds.ports)
        assert (done.is_replay, done.subject.display_name) == (is_replay, "改名员")


async def test_a_replay_about_whoever_is_gone_is_not_found(deeds: Deeds) -> None:
    entered = EnrolPerson(uuid4(), "新邻居", is_over_fourteen=True)
    person = (await enrol_person(entered, by=await deeds.actor("administrator-1"), ports=deeds.ports)).subject
    await keep(deeds.house, person.township, gone=(("persons", person.id),))

    refusal = await deeds.refused(enrol_person, entered, "administrator-1")

    assert (refusal.code, refusal.field) == (RefusalCode.NOT_FOUND, "commandId")


async def test_a_link_that_was_undone_meanwhile_is_not_answered_again(deeds: Deeds) -> None:
    shown = SignIn("a-phone", deeds.clock(), deeds.clock())
    sent = IssueEnrolmentCode(uuid4(), deeds.id_of("resident-2"))
    issued = await issue_enrolment_code(sent, by=await deeds.actor("centre-clerk-1"), ports=deeds.ports)
    linked = LinkAccount(uuid4(), issued.subject.code or "")
    assert (await link_account(linked, sign_in=shown, ports=deeds.ports)).subject.id == deeds.id_of("resident-2")
    unlinked = UnlinkAccount(uuid4(), deeds.id_of("resident-2"))
    for is_replay in (False, True):
        done = await unlink_account(unlinked, by=await deeds.actor("centre-clerk-1"), ports=deeds.ports)
        assert (done.is_replay, done.subject.id) == (is_replay, deeds.id_of("resident-2"))

    with pytest.raises(Refused) as no:
        await link_account(linked, sign_in=shown, ports=deeds.ports)

    assert no.value.refusal.code is RefusalCode.NOT_FOUND
    assert await who_are_you(shown, ports=deeds.ports) == []
    assert await who_are_you(SignIn(uid_of("resident-2"), deeds.clock(), deeds.clock()), ports=deeds.ports) == []


async def test_a_correction_of_whoever_left_meanwhile_is_not_found(deeds: Deeds) -> None:
    resident = next(person for person in deeds.planned.persons if person.id == deeds.id_of("resident-2"))
    await keep(deeds.house, resident.township, gone=(("persons", resident.id),))

    refusal = await deeds.refused(correct_person, CorrectPerson(uuid4(), resident.id, "改名"), "administrator-1")

    assert (refusal.code, refusal.field) == (RefusalCode.NOT_FOUND, "personId")
