"""A year arrives and a day is declared otherwise: at the command line, and in what people were promised."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.mongo.replay import MongoHistories
from domain.calendar import DayKind
from domain.calendar_editing import with_mark
from resolvers.recounting import recount
from server.cli import main
from server.clockwork import rounds
from server.demo.main_job import Player
from server.wiring import build_house
from tests.conftest import ROOT, Town
from tests.journeys.stories import Answer, Matter, act, answer, bring, history_of, inbox, request_of, rows, say, submit, task_of, titles
from tests.journeys.test_the_desk import board, unit_of
from tests.server.recount_to_kill import POINTS

Captured = pytest.CaptureFixture[str]
WEDNESDAY = datetime(2026, 12, 30, 2, 0, tzinfo=UTC)
YEAR = "date,kind\n2027-01-01,off\n2027-01-04,off\n2027-02-05,off\n2027-02-08,off\n2027-02-09,off\n2027-02-20,working\n"


@pytest.fixture
async def town(town: Town) -> AsyncIterator[Town]:
    """With the calendar as it was before, once the story is over."""
    calendar = town.house.mongo.collection("calendar")
    before = await calendar.find({}).to_list()
    yield town
    await calendar.delete_many({})
    await calendar.insert_many(before)
    town.house.calendars._kept.forget()
    town.house.calendars._past.clear()  # another story makes other tables under the same numbers


async def run(town: Town, *arguments: str) -> int:
    settings = town.house.settings
    environment = {"LIANHU_MONGODB_URI": settings.mongodb_uri, "LIANHU_MONGODB_DATABASE": settings.mongodb_database}
    done = await asyncio.to_thread(main, ["calendar", *arguments], environment)
    town.house.calendars._kept.forget()  # a minute later
    return done


async def asked_at_the_end_of_the_year(town: Town, count: int = 1) -> list[Matter]:
    town.clock.now = WEDNESDAY
    resident = await town.person("resident-1")
    return [await submit(town, resident) for _ in range(count)]


async def test_the_year_arrives_and_what_was_provisional_is_firm(town: Town, capfd: Captured, tmp_path: Path) -> None:
    [matter] = await asked_at_the_end_of_the_year(town)
    resident, worker = await town.people("resident-1", "grid-worker-1")
    shown = "{ promiseDueAt promiseProvisional tasks { dueAt dueProvisional } }"
    about = await resident.ask(f"query($id: ID!) {{ node(id: $id) {{ ... on Request {shown} }} }}", id=matter.request_id)
    assert about["node"]["promiseProvisional"]
    file = tmp_path / "2027.csv"
    file.write_text(YEAR, "utf-8")

    capfd.readouterr()
    assert await run(town, "import", str(file), "--check") == 0
    said = capfd.readouterr().out.splitlines()
    assert said[1:3] == ["~ 2027-01-04 Mon off", "~ 2027-02-05 Fri off"]
    assert said[-2:] == ["~ published through 2027-12-31", "nothing was written"]
    assert (await town.house.calendars.table()).published_through == date(2026, 12, 31)

    assert await run(town, "import", str(file)) == 0
    town.clock.advance(minutes=1)
    await rounds(town.house)
    await town.settle()

    about = await resident.ask(f"query($id: ID!) {{ node(id: $id) {{ ... on Request {shown} }} }}", id=matter.request_id)
    friday = "2027-01-08T09:30:00.000Z"
    assert about["node"] == {
        "promiseDueAt": friday, "promiseProvisional": False, "tasks": [{"dueAt": friday, "dueProvisional": False}],
    }  # fmt: skip
    event = (await history_of(resident, matter))[0]
    assert (event["kind"], event["actor"]) == ("DeadlinesRecounted", None)
    assert (await titles(resident))[0] == (await titles(worker))[0] == "时限有调整"
    [kept] = await town.house.mongo.collection("events").find({"kind": "DeadlinesRecounted"}).to_list()
    assert (kept["facts"]["from"], kept["facts"]["to"]) == ("2027-01-07T09:30:00+00:00", "2027-01-08T09:30:00+00:00")

    capfd.readouterr()
    assert await run(town, "import", str(file)) == 0
    assert capfd.readouterr().out == "nothing is another than it was\n"
    await rounds(town.house)
    assert await town.count("events", kind="DeadlinesRecounted") == 1


async def judged(player: Player, matter: Matter) -> tuple[bool, bool]:
    """Whether it is said to be late, of the promise and of the leg; and each list says the same as the thing itself."""
    shown = "edges { node { id overdue } }"
    document = (
        f"query($late: Boolean!) {{ requests(filter: {{overdue: $late}}) {{ {shown} }} tasks(filter: {{overdue: $late}}) {{ {shown} }} }}"
    )
    told = {True: (False, False), False: (False, False)}
    for late in (True, False):
        lists = await player.ask(document, late=late)
        asked, work = (rows(lists[name]) for name in ("requests", "tasks"))
        assert all(row["overdue"] is late for row in (*asked, *work))
        told[late] = (matter.request_id in [row["id"] for row in asked], matter.task_id in [row["id"] for row in work])
    assert told[False] == (not told[True][0], not told[True][1])
    return told[True]


async def test_while_no_table_is_there_nobody_is_late_and_with_it_everybody_is_judged_again(town: Town, tmp_path: Path) -> None:
    late, done = await asked_at_the_end_of_the_year(town, 2)  # both due on about Thursday, 2027-01-07
    people = await town.people("resident-1", "grid-worker-1", "grid-leader-1", "dispatcher-1")
    resident, worker, leader, dispatcher = people
    for matter in (late, done):
        await act(worker, "acknowledgeTask", matter)
        await act(worker, "startTask", matter)

    async def on(moment: datetime) -> None:
        town.clock.now = moment
        await rounds(town.house)
        await town.settle()
        for player in people:
            await player.sign_in()

    await on(datetime(2027, 1, 8, 2, 0, tzinfo=UTC))  # Friday, 10:00
    await act(worker, "completeTask", done)
    await act(leader, "verifyTask", done)
    await answer(resident, done)
    await on(datetime(2027, 1, 12, 2, 0, tzinfo=UTC))
    township = unit_of(town, "柳湾镇党委")
    desk = await board(dispatcher, township, "DUE_SOON", "OVERDUE")
    assert (await judged(dispatcher, late), await judged(dispatcher, done), desk) == (*[(False, False)] * 2, {"DUE_SOON": [late.task_id]})
    assert "工单已逾期" not in await titles(worker)
    more = await say(worker, "requestExtension", "task { id }", taskId=late.task_id, workingDays=2, reason="等配件")
    assert more["task"]["id"] == late.task_id, "it is not too late to ask for more"
    assert (await figures(dispatcher, township))["due"] == 0

    file = tmp_path / "2027.csv"
    file.write_text(YEAR, "utf-8")
    assert await run(town, "import", str(file)) == 0
    await on(datetime(2027, 1, 12, 2, 1, tzinfo=UTC))  # due on Friday, 17:30, after all
    assert (await judged(dispatcher, late), await judged(dispatcher, done)) == ((True, True), (False, False))
    assert await board(dispatcher, township, "DUE_SOON", "OVERDUE") == {"OVERDUE": [late.task_id]}
    assert (await titles(worker)).count("工单已逾期") == 1
    assert "时限有调整" in await titles(resident)
    told = [notice["about"]["id"] for notice in await inbox(resident) if notice["title"] == "时限有调整"]
    assert told == [late.request_id], "what has ended is nothing to wait for"
    found = await figures(dispatcher, township)
    assert (found["due"], found["onTimeRate"]) == (2, 0.5)
    assert [row async for row in MongoHistories(town.house.mongo).differing(town.planned.township_code)] == []
    head, kept = await town.house.tallies.kept(town.planned.township_code)
    assert +kept == +await town.house.tallies.recounted(head)


async def figures(player: Player, unit_id: str) -> Answer:
    document = 'query($u: ID!) { measures(unitId: $u, from: "2027-01-01", to: "2027-01-31") { due onTimeRate } }'
    found: Answer = (await player.ask(document, u=unit_id))["measures"][0]
    return found


async def test_a_day_of_the_past_that_is_marked_leaves_what_was_counted_as_it_is_counted_again(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    matter, code = await submit(town, resident), town.planned.township_code
    town.clock.advance(days=2)
    for player in (resident, worker, leader):
        await player.sign_in()
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await answer(resident, matter)
    await town.settle()

    assert await run(town, "mark", "2026-11-24", "off", "--reason", "县里通知") == 0
    for act_ in (rounds(town.house), say(resident, "addMessage", "request { id }", requestId=matter.request_id, text="谢谢")):
        head, kept = await town.house.tallies.kept(code)
        assert +kept == +await town.house.tallies.recounted(head)
        await act_
        await town.settle()
    head, kept = await town.house.tallies.kept(code)
    assert +kept == +await town.house.tallies.recounted(head)


async def test_windows_and_questions_about_own_data_move_with_a_day_and_history_tells_it(town: Town) -> None:
    resident, worker, officer = await town.people("resident-1", "grid-worker-1", "privacy-officer-1")
    lamp = await submit(town, resident)  # Monday, 10:00
    shown = "subjectRequest { id dueAt }"
    asked = (await say(resident, "requestOwnData", shown, kind="COPY"))["subjectRequest"]
    assert asked["dueAt"] == "2026-12-14T09:30:00.000Z"
    assert (await task_of(worker, lamp) or {})["acknowledgeBy"] == "2026-11-23T07:30:00.000Z"

    assert await run(town, "mark", "2026-11-24", "off", "--reason", "县里通知") == 0
    for _ in range(3):
        await rounds(town.house)
    [event] = await town.house.mongo.collection("events").find({"kind": "DeadlinesRecounted"}).to_list()
    assert {name: event["facts"][name] for name in ("leg_to", "return_by")} == {
        "leg_to": "2026-12-01T09:30:00+00:00",
        "return_by": "2026-11-26T09:30:00+00:00",
    }
    assert "acknowledge_by" not in event["facts"], "it ends on Monday all the same"
    question = f'{{ node(id: "{asked["id"]}") {{ ... on SubjectRequest {{ dueAt entries {{ act by {{ id }} }} }} }} }}'
    assert (await officer.ask(question))["node"] == {
        "dueAt": "2026-12-15T09:30:00.000Z",
        "entries": [{"act": "MADE", "by": {"id": town.id_of("resident-1")}}, {"act": "RECOUNTED", "by": None}],
    }
    assert [row async for row in MongoHistories(town.house.mongo).differing(town.planned.township_code)] == []


async def test_a_day_that_is_marked_moves_what_was_firm_and_no_other(town: Town, capfd: Captured) -> None:
    resident = await town.person("resident-1")
    lamp, gas = await submit(town, resident), await submit(town, resident, "gas-smell")

    assert await run(town, "mark", "2026-11-25", "off", "--reason", "县里通知") == 0
    await rounds(town.house)

    assert (await request_of(resident, lamp) or {})["promiseDueAt"] == "2026-12-01T09:30:00.000Z"
    assert (await request_of(resident, gas) or {})["promiseDueAt"] == "2026-11-23T04:00:00.000Z"
    of_gas, of_lamp = [
        (await town.house.mongo.collection("events").find({"kind": "DeadlinesRecounted", "request_id": matter.request_id}).to_list())[0]
        for matter in (gas, lamp)
    ]
    assert of_lamp["facts"]["from"] != of_lamp["facts"]["to"]
    assert of_gas["facts"]["leg_from"] == of_gas["facts"]["leg_to"], "only until when it may be returned"
    assert of_gas["facts"]["return_by"] == "2026-11-26T09:30:00+00:00"
    capfd.readouterr()
    assert await run(town, "show", "2026-11") == 0
    said = capfd.readouterr().out
    assert " 25* " in said
    assert "2026-11-25 off (mark: 县里通知)" in said


async def test_a_verb_before_the_clockwork_finds_its_case_counted_anew(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    matter = await submit(town, resident)
    await run(town, "mark", "2026-11-25", "off", "--reason", "县里通知")

    await act(worker, "acknowledgeTask", matter)
    await rounds(town.house)

    assert (await task_of(worker, matter) or {})["dueAt"] == "2026-12-01T09:30:00.000Z"
    assert (await request_of(resident, matter) or {})["promiseDueAt"] == "2026-12-01T09:30:00.000Z"  # once, not twice
    assert await town.count("events", kind="DeadlinesRecounted") == 0
    assert [row async for row in MongoHistories(town.house.mongo).differing(town.planned.township_code)] == []


async def test_who_signs_before_the_clockwork_counted_anew_is_judged_by_the_new_table(town: Town) -> None:
    worker, dispatcher = await town.people("grid-worker-1", "dispatcher-1")
    matter = await submit(town, await town.person("resident-1"))  # Monday, 10:00: to be taken by 15:30
    await run(town, "mark", "2026-11-23", "off", "--reason", "县里通知")

    town.clock.advance(hours=23)
    await worker.sign_in()
    await act(worker, "acknowledgeTask", matter)
    town.clock.advance(days=1)
    await dispatcher.sign_in()
    await town.settle()

    document = 'query($u: ID!) { measures(unitId: $u, from: "2026-11-23", to: "2026-11-24") { acknowledgedOnTimeRate } }'
    found = (await dispatcher.ask(document, u=unit_of(town, "柳湾镇党委")))["measures"][0]
    assert (found["acknowledgedOnTimeRate"], await town.count("events", kind="DeadlinesRecounted")) == (1.0, 0)


async def test_after_several_changes_each_is_counted_once(town: Town) -> None:
    resident = await town.person("resident-1")
    early = await submit(town, resident)
    await run(town, "mark", "2026-11-25", "off", "--reason", "a")
    late = await submit(town, resident)  # counted by the second table
    await run(town, "mark", "2026-11-26", "off", "--reason", "b")
    await rounds(town.house)
    await run(town, "mark", "2026-11-25", "working", "--reason", "c")
    await rounds(town.house)

    due = {(await request_of(resident, matter) or {})["promiseDueAt"] for matter in (early, late)}
    assert due == {"2026-12-01T09:30:00.000Z"}


@pytest.mark.parametrize("point", POINTS)
async def test_killed_while_it_counts_anew_each_case_is_counted_once(town: Town, point: str) -> None:
    matters = await asked_at_the_end_of_the_year(town, 8)
    table = await town.house.calendars.table()
    days = with_mark(table.days, date(2026, 12, 31), DayKind.OFF, "县里通知")
    assert await town.house.calendars.publish(days, table.published_through, instead_of=table, at=town.clock())
    settings = town.house.settings
    arguments = [settings.mongodb_uri, settings.mongodb_database, town.clock().isoformat(), point]
    doomed = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.server.recount_to_kill", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert doomed.stdout is not None
    async with asyncio.timeout(60):
        assert await doomed.stdout.readline() == b"there\n"
    assert await recount(town.house.recounts, ports=town.house.ports) == 0  # one at a time
    doomed.send_signal(signal.SIGKILL)
    await doomed.wait()

    town.clock.advance(seconds=60)  # the lease is over
    second = build_house(replace(settings), clock=town.clock)
    await asyncio.gather(rounds(town.house), rounds(second))
    town.clock.advance(minutes=10)
    await asyncio.gather(rounds(town.house), rounds(second))
    await second.close()

    resident = await town.person("resident-1")
    due = [(await request_of(resident, matter) or {})["promiseDueAt"] for matter in matters]
    assert due == ["2027-01-08T09:30:00.000Z"] * 8
    assert await town.count("events", kind="DeadlinesRecounted") == 8
    kept = await town.house.mongo.collection("calendar").find_one({"_id": "china"}) or {}
    assert (kept["version"], kept["recounted"]) == (2, 2)
    assert [row async for row in MongoHistories(town.house.mongo).differing(town.planned.township_code)] == []


async def test_what_cannot_be_counted_is_logged_and_holds_up_no_other(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    first, second = await asked_at_the_end_of_the_year(town, 2)
    await town.house.mongo.collection("requests").update_one({"_id": first.request_id}, {"$set": {"counted_by": 0}})
    table = await town.house.calendars.table()
    days = with_mark(table.days, date(2026, 12, 31), DayKind.OFF, "县里通知")
    assert await town.house.calendars.publish(days, table.published_through, instead_of=table, at=town.clock())

    assert [await recount(town.house.recounts, ports=town.house.ports) for _ in range(2)] == [1, 0]
    failed = f"{first.request_id} could not be counted anew"
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [failed, failed]
    assert await town.count("events", kind="DeadlinesRecounted", request_id=second.request_id) == 1


async def test_of_two_administrators_at_once_one_is_told(town: Town) -> None:
    calendars, at = town.house.calendars, town.clock()
    seen = await calendars.table()
    one, other = (with_mark(seen.days, date(2026, 12, number), DayKind.OFF, "a") for number in (1, 2))

    assert await calendars.publish(one, seen.published_through, instead_of=seen, at=at)
    assert not await calendars.publish(other, seen.published_through, instead_of=seen, at=at)
    assert (await calendars.table()).days == one


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("import", "2099"), "does not know 2099"),
        (("import", "nowhere.csv"), "cannot be read"),
        (("mark", "2027-02-30", "off", "--reason", "a"), "is no date"),
        (("mark", "2027-02-01", "off", "--reason", " "), "--reason is empty"),
        (("show", "soon"), "is no month"),
    ],
)
async def test_what_cannot_be_is_one_clear_sentence(town: Town, capfd: Captured, arguments: tuple[str, ...], told: str) -> None:
    assert await run(town, *arguments) == 1
    assert told in capfd.readouterr().err


@pytest.mark.parametrize(
    ("text", "told"),
    [("[]", "has no days"), ("{}", "it is no list"), ('[{"date": "x"}]', "line 1: 'x' is no date"), ("\xff", "cannot be read")],
)
async def test_a_file_that_cannot_be_used_says_why(town: Town, capfd: Captured, tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "2027.json"
    file.write_text(text, "latin-1")

    assert await run(town, "import", str(file)) == 1
    assert told in capfd.readouterr().err


async def test_a_year_as_json_and_as_the_library_knows_it(town: Town, capfd: Captured, tmp_path: Path) -> None:
    rows = [dict(zip(("date", "kind"), line.split(","), strict=True)) for line in YEAR.splitlines()[1:]]
    file = tmp_path / "2027.json"
    file.write_text(json.dumps(rows), "utf-8")

    assert await run(town, "import", str(file)) == 0
    assert (await town.house.calendars.table()).published_through == date(2027, 12, 31)
    capfd.readouterr()
    assert await run(town, "import", "2026") == 0
    assert capfd.readouterr().out == "nothing is another than it was\n"


def test_without_a_database_nothing_is_shown(capfd: Captured) -> None:
    assert main(["calendar", "show", "2027-01"], {}) == 1
    assert "LIANHU_MONGODB_URI is empty" in capfd.readouterr().err


def test_an_empty_database_has_no_calendar(mongodb_uri: str, capfd: Captured) -> None:
    environment = {"LIANHU_MONGODB_URI": mongodb_uri, "LIANHU_MONGODB_DATABASE": f"empty_{uuid4().hex[:8]}"}

    assert main(["calendar", "show", "2027-01"], environment) == 1
    assert "run the verb `indexes`" in capfd.readouterr().err
