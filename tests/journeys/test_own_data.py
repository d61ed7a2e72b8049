"""What somebody asks about their own data: a copy at the counter, a correction, an explanation, and the end of it all."""

import json
from dataclasses import replace
from uuid import uuid4

from domain.ids import Kind
from domain.posts import Appointment
from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    LAMP,
    Answer,
    Matter,
    answer,
    bring,
    history_of,
    home_of,
    inbox,
    kept,
    name_of,
    node,
    nothing_written,
    raw,
    register,
    request_of,
    rows,
    said_in,
    say,
    submit,
    titles,
)
from tests.reorganising import keep

SHOWN = (
    "id kind state words dueAt overdue reason person { id displayName } madeBy { id } decidedBy { id } entries { act by { id } } version"
)
COPY = (
    "query($id: ID, $first: Int, $after: String) { ownData(subjectRequestId: $id, first: $first, after: $after) { text json endCursor } }"
)
SECRET = "邻居家的事：四单元漏水"


async def ask_about(player: Player, kind: str, **fields: object) -> Answer:
    said = await say(player, "requestOwnData", f"subjectRequest {{ {SHOWN} }}", kind=kind, **fields)
    assert "subjectRequest" in said, said
    asked: Answer = said["subjectRequest"]
    return asked


async def decide(player: Player, asked: Answer, *, done: bool = True, **fields: object) -> Answer:
    return await say(player, "decideSubjectRequest", f"subjectRequest {{ {SHOWN} }}", subjectRequestId=asked["id"], done=done, **fields)


async def copy_of(player: Player, **arguments: object) -> Answer | None:
    found: Answer | None = (await player.ask(COPY, **arguments))["ownData"]
    return found


async def waiting(player: Player) -> list[str]:
    found = await player.ask("{ subjectRequests(state: OPEN) { edges { node { id } } } }")
    return [asked["id"] for asked in rows(found["subjectRequests"])]


async def mine(player: Player) -> list[str]:
    found = await player.ask("{ viewer { subjectRequests { edges { node { id } } } } }")
    return [asked["id"] for asked in rows(found["viewer"]["subjectRequests"])]


async def finished(town: Town, asker: Player, text: str = LAMP) -> Matter:
    """A matter of somebody in the first grid at its end, with a word of thanks."""
    worker, leader = await town.people("grid-worker-1", "grid-leader-1")
    matter = await submit(town, asker, text=text)
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await answer(asker, matter, words="谢谢你们")
    return matter


# --- A copy.


async def test_somebody_asks_for_a_copy_at_the_counter_and_takes_it_home_on_paper(town: Town) -> None:
    clerk, officer, resident, neighbour = await town.people("centre-clerk-1", "privacy-officer-1", "resident-1", "resident-2")
    matter = await finished(town, resident)
    await finished(town, neighbour, SECRET)

    asked = await ask_about(clerk, "COPY", onBehalfOfId=town.id_of("resident-1"))
    await town.settle()

    assert (asked["state"], asked["person"]["id"], asked["madeBy"]["id"]) == (
        "OPEN",
        town.id_of("resident-1"),
        town.id_of("centre-clerk-1"),
    )
    assert asked["dueAt"] == "2026-12-14T09:30:00.000Z"  # fifteen working days
    assert (await titles(officer), await waiting(officer)) == (["新的个人信息权利请求"], [asked["id"]])
    copy = await copy_of(officer, id=asked["id"])
    assert copy is not None
    for words in (name_of(town, "resident-1"), matter.number, LAMP, "谢谢你们", "换了灯泡", name_of(town, "grid-worker-1"), "已解决"):
        assert words in copy["text"], words
    assert SECRET not in said_in(copy)
    assert json.loads(copy["json"])["requests"][0]["id"] == matter.request_id

    done = (await decide(officer, asked, reason="已打印交给本人"))["subjectRequest"]

    assert (done["state"], done["decidedBy"]["id"]) == ("DONE", town.id_of("privacy-officer-1"))
    assert [entry["act"] for entry in done["entries"]] == ["MADE", "COPY_READ", "DECIDED"]
    assert done["entries"][1]["by"]["id"] == town.id_of("privacy-officer-1")
    await town.settle()
    told = [notice for notice in await inbox(resident) if "个人信息" in notice["title"]]
    assert [notice["about"] for notice in told] == [{"__typename": "SubjectRequest", "id": asked["id"]}]
    assert (await mine(resident), await mine(neighbour)) == ([asked["id"]], [])


async def test_the_copy_is_there_for_whoever_it_is_about_in_both_languages(town: Town) -> None:
    resident, visitor = await town.person("resident-1"), await town.person("resident-1", language="en")
    await finished(town, resident)

    chinese, english = await copy_of(resident), await copy_of(visitor)

    assert chinese is not None
    assert english is not None
    assert chinese["text"].startswith("个人信息副本（2026-11-23 10:00）\n姓名：")
    assert "Copy of personal data" in english["text"]
    assert "checked" in english["text"]
    assert "Sign-ins: 1." in english["text"]
    assert await copy_of(town.stranger()) is None


async def test_the_telephone_stands_in_the_copy_with_its_middle_hidden(town: Town) -> None:
    resident = await town.person("resident-1")
    await say(resident, "setContact", "contact { phone }", phone="138 0013 8000", reach="PHONE")

    copy = await copy_of(resident)

    assert copy is not None
    assert "联系电话：138****8000，被查阅 0 次，联系途径： 电话" in copy["text"]
    assert "13800138000" not in said_in(copy)


async def test_grants_stand_in_the_copy_of_either_and_end_with_the_person(town: Town) -> None:
    resident, neighbour, officer = await town.people("resident-1", "resident-2", "privacy-officer-1")
    period = {"agentId": town.id_of("resident-2"), "since": "2026-11-23", "until": "2027-11-23"}
    assert "grant" in await say(resident, "grantProxy", "grant { id }", **period)

    given, taken = await copy_of(resident), await copy_of(neighbour)
    assert given is not None
    assert taken is not None
    assert f"由 {name_of(town, 'resident-2')} 代办" in given["text"]
    assert f"为 {name_of(town, 'resident-1')} 代办" in taken["text"]
    asked_for = await submit(town, neighbour, text=SECRET, householdId=home_of(town, "resident-1"), onBehalfOfId=town.id_of("resident-1"))
    assert SECRET not in said_in(await copy_of(neighbour))
    assert asked_for.number in said_in(await copy_of(resident))

    await decide(officer, await ask_about(neighbour, "DELETE"))

    copy = await copy_of(resident)
    assert copy is not None
    assert "代办" not in copy["text"]
    assert await town.count("proxy_grants", revoked_at=None) == 0
    assert [party["_id"] for party in (await kept(town))["proxy_parties"]] == [town.id_of("resident-1")]


async def test_what_colleagues_wrote_to_each_other_is_not_in_the_copy(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    matter = await submit(town, resident)
    await bring(town, matter, worker, "COMPLETED")
    await say(leader, "verifyTask", "task { id }", taskId=matter.task_id, passed=False, reason="螺丝没拧紧")

    copy = await copy_of(resident)

    assert copy is not None
    assert "螺丝" not in said_in(copy)
    assert "— 2026" in copy["text"]


async def test_what_a_helper_typed_for_others_is_not_theirs_to_copy(town: Town) -> None:
    worker = await town.person("grid-worker-1")
    await submit(town, worker, text=SECRET, householdId=home_of(town, "resident-1"), onBehalfOfId=town.id_of("resident-1"))

    copy = await copy_of(worker)

    assert copy is not None
    assert (SECRET in said_in(copy), json.loads(copy["json"])["requests"]) == (False, [])
    assert "网格员" in copy["text"]
    assert SECRET in said_in(await copy_of(await town.person("resident-1")))


async def test_a_long_copy_comes_in_pages(town: Town) -> None:
    resident = await town.person("resident-1")
    numbers = []
    for _ in range(5):
        town.clock.advance(seconds=1)
        numbers.append((await submit(town, resident)).number)

    pages, after = [], None
    while True:
        page = await copy_of(resident, first=2, after=after)
        assert page is not None
        pages.append(page)
        after = page["endCursor"]
        if after is None:
            break

    assert len(pages) == 3
    assert ["姓名" in page["text"] for page in pages] == [True, False, False]
    assert [request["number"] for page in pages for request in json.loads(page["json"])["requests"]] == numbers[::-1]


async def test_nobody_else_reads_the_copy_or_that_it_was_asked_for(town: Town) -> None:
    resident, officer = await town.people("resident-1", "privacy-officer-1")
    asked = await ask_about(resident, "COPY")
    explain = await ask_about(resident, "EXPLAIN", words="谁看过我的内容？")

    async with nothing_written(town):
        for handle in ("resident-2", "grid-worker-1", "grid-leader-1", "centre-clerk-1", "dispatcher-1", "secretary-2", "administrator-1"):
            other = await town.person(handle)
            assert await copy_of(other, id=asked["id"]) is None
            assert await node(other, asked["id"]) is None
            assert (await waiting(other), await mine(other)) == ([], [])
            assert (await decide(other, asked))["code"] == "NOT_FOUND"
        assert await copy_of(officer, id=explain["id"]) is None  # only what asks for a copy
        assert await copy_of(officer, id="subj_990101101_" + "0" * 32) is None
        assert (await decide(resident, asked))["code"] == "NOT_ALLOWED"
    await decide(officer, asked)
    async with nothing_written(town):
        assert await copy_of(officer, id=asked["id"]) is None  # only while it is open
        assert (await decide(officer, asked))["code"] == "WRONG_STATE"


# --- Asking.


async def test_one_of_a_kind_is_open_at_a_time(town: Town) -> None:
    resident = await town.person("resident-1")
    await ask_about(resident, "COPY")

    async with nothing_written(town):
        no = await say(resident, "requestOwnData", "subjectRequest { id }", kind="COPY")

    assert (no["code"], no["field"]) == ("LIMIT_REACHED", "kind")
    assert (await ask_about(resident, "CORRECT", words="名字写错了"))["words"] == "名字写错了"


async def test_whoever_is_no_helper_of_theirs_does_not_ask_for_them(town: Town) -> None:
    named = {"kind": "COPY", "onBehalfOfId": town.id_of("resident-1")}
    for handle, code in (("resident-2", "NOT_FOUND"), ("grid-worker-2", "NOT_FOUND"), ("village-officer-1", "NOT_ALLOWED")):
        player = await town.person(handle)
        async with nothing_written(town):
            no = await say(player, "requestOwnData", "subjectRequest { id }", **named)
        assert (no["code"], no["field"]) == (code, "onBehalfOfId"), handle
    stranger = await say(town.stranger(), "requestOwnData", "subjectRequest { id }", kind="COPY")
    assert stranger["code"] == "SIGN_IN_REQUIRED"


async def test_a_correction_says_what_and_a_no_says_why(town: Town) -> None:
    resident, officer = await town.people("resident-1", "privacy-officer-1")
    async with nothing_written(town):
        no = await say(resident, "requestOwnData", "subjectRequest { id }", kind="CORRECT", words="  ")
    assert (no["code"], no["field"]) == ("INVALID_INPUT", "words")
    asked = await ask_about(resident, "CORRECT", words="门牌写错了")
    async with nothing_written(town):
        no = await decide(officer, asked, done=False)
    assert (no["code"], no["field"]) == ("INVALID_INPUT", "reason")

    refused = (await decide(officer, asked, done=False, reason="与登记一致"))["subjectRequest"]

    assert (refused["state"], refused["reason"]) == ("REFUSED", "与登记一致")
    assert await node(resident, asked["id"], "... on SubjectRequest { reason }") == {"reason": "与登记一致"}


async def test_the_same_command_again_is_the_same_request(town: Town) -> None:
    resident, officer = await town.people("resident-1", "privacy-officer-1")
    first, second = str(uuid4()), str(uuid4())
    asked = await ask_about(resident, "COPY", commandId=first)
    async with nothing_written(town):
        assert await ask_about(resident, "COPY", commandId=first) == asked
    done = await decide(officer, asked, commandId=second, reason="给了")
    async with nothing_written(town):
        assert await decide(officer, asked, commandId=second, reason="给了") == done


async def test_a_helper_who_sends_it_twice_is_answered_twice(town: Town) -> None:
    clerk, resident, officer = await town.people("centre-clerk-1", "resident-1", "privacy-officer-1")
    sent = {"commandId": str(uuid4()), "onBehalfOfId": town.id_of("resident-1")}
    asked = await ask_about(clerk, "COPY", **sent)
    async with nothing_written(town):
        assert await ask_about(clerk, "COPY", **sent) == asked
        assert (await decide(clerk, asked))["code"] == "NOT_ALLOWED"
        assert await copy_of(clerk, id=asked["id"]) is None

    await decide(officer, asked)

    assert await node(clerk, asked["id"]) is None
    assert await node(resident, asked["id"]) == {"__typename": "SubjectRequest"}


async def test_an_officer_does_not_answer_the_own_question(town: Town) -> None:
    officer = await town.person("privacy-officer-1")
    asked = await ask_about(officer, "COPY")
    async with nothing_written(town):
        assert (await decide(officer, asked))["code"] == "NOT_ALLOWED"
    assert await titles(officer) == []


async def test_an_officer_who_typed_it_for_a_neighbour_neither_reads_nor_answers(town: Town) -> None:
    """Who also works in the grid could else ask in a resident's name, and read all they ever wrote."""
    posts = town.planned.parts.appointments
    in_grid = next(post for post in posts if post.person_id == town.id_of("grid-worker-1"))
    office = next(post for post in posts if post.person_id == town.id_of("privacy-officer-1"))
    made = [post_of(town, in_grid, "privacy-officer-1"), post_of(town, office, "administrator-1")]
    await keep(town.house, office.township, *made)
    resident, officer, colleague = await town.people("resident-1", "privacy-officer-1", "administrator-1")
    await submit(town, resident)
    asked = await ask_about(officer, "COPY", onBehalfOfId=town.id_of("resident-1"))

    async with nothing_written(town):
        assert await copy_of(officer, id=asked["id"]) is None
        assert [(await decide(officer, asked, done=done, reason="给了"))["code"] for done in (True, False)] == ["NOT_ALLOWED"] * 2
    assert LAMP in ((await copy_of(colleague, id=asked["id"])) or {})["text"]
    assert (await decide(colleague, asked))["subjectRequest"]["state"] == "DONE"


def post_of(town: Town, post: Appointment, handle: str) -> Appointment:
    """The same post, held by somebody else too."""
    return replace(post, id=town.house.ports.ids.new(Kind.APPOINTMENT, post.township, town.clock()), person_id=town.id_of(handle))


# --- Removal.


async def figures(town: Town) -> Answer:
    dispatcher = await town.person("dispatcher-1")
    root = next(unit.id for unit in town.planned.parts.units if unit.parent_id is None)
    document = 'query($id: ID!) { measures(unitId: $id, from: "2026-11-01", to: "2026-12-31") { requests due } }'
    return await dispatcher.ask(document, id=root)


async def test_somebody_is_gone_and_the_counts_and_the_history_are_not(town: Town) -> None:
    resident, officer, leader, dispatcher = await town.people("resident-1", "privacy-officer-1", "grid-leader-1", "dispatcher-1")
    await register(resident)
    await say(resident, "setContact", "contact { phone }", phone="138 0013 8000", reach="PHONE")
    matter = await finished(town, resident)
    other = await finished(town, await town.person("resident-2"), SECRET)
    asked = await ask_about(resident, "DELETE", words="我搬走了")
    await town.settle()
    counted, before, history = await figures(town), await kept(town), await history_of(leader, matter)

    done = (await decide(officer, asked))["subjectRequest"]

    assert (done["state"], done["words"], done["person"]["displayName"]) == ("DONE", None, "已注销")
    assert await figures(town) == counted
    after = await history_of(leader, matter)
    assert [event["kind"] for event in after] == [event["kind"] for event in history]
    assert [event["reason"] for event in after if event["reason"]] == []
    request = await request_of(dispatcher, matter)
    assert request is not None
    assert (request["text"], request["address"], request["submittedBy"]["displayName"]) == ("", None, "已注销")
    assert (await request_of(dispatcher, other) or {})["text"] == SECRET
    assert (await raw(resident, "{ viewer { person { id } } }"))["data"] == {"viewer": None}
    now = await kept(town)
    assert {name for name in now if now[name] != before[name]} == {
        *("accounts", "commands", "contacts", "devices", "notices", "persons", "subject_requests", "townships", "words")
    }
    assert not [name for name in now if name != "words" and (LAMP in str(now[name]) or "我搬走了" in str(now[name]))]
    gone = town.id_of("resident-1")
    assert [len(before[name]) - len(now[name]) for name in ("accounts", "devices", "contacts", "words")] == [1, 1, 1, 0]
    tombstone = next(words for words in now["words"] if words["_id"] == matter.request_id)
    assert set(tombstone) == {"_id", "township", "erased_at", "erased_because"}
    others = [[row for row in state["persons"] if row["id"] != gone] for state in (before, now)]
    assert others[0] == others[1]


async def test_what_is_not_at_its_end_puts_it_off(town: Town) -> None:
    resident, officer = await town.people("resident-1", "privacy-officer-1")
    await submit(town, resident)
    asked = await ask_about(resident, "DELETE")

    async with nothing_written(town):
        no = await decide(officer, asked)

    assert (no["code"], no["field"]) == ("WRONG_STATE", "subjectRequestId")
    assert "没有办结" in no["message"]
    assert await waiting(officer) == [asked["id"]]


async def test_another_open_question_puts_it_off(town: Town) -> None:
    resident, officer = await town.people("resident-1", "privacy-officer-1")
    asked = await ask_about(resident, "DELETE")
    copy = await ask_about(resident, "COPY")
    async with nothing_written(town):
        assert "先答复" in (await decide(officer, asked))["message"]
    await decide(officer, copy)
    assert (await decide(officer, asked))["subjectRequest"]["state"] == "DONE"


async def test_somebody_with_a_post_stays_on_the_notice_board(town: Town) -> None:
    worker, officer = await town.people("grid-worker-1", "privacy-officer-1")
    asked = await ask_about(worker, "DELETE")
    async with nothing_written(town):
        assert "任职" in (await decide(officer, asked))["message"]
    assert (await decide(officer, asked, done=False, reason="先办理离任"))["subjectRequest"]["state"] == "REFUSED"
