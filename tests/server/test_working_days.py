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
from server.wiring import build_house
from tests.conftest import ROOT, Town
from tests.journeys.stories import Matter, act, history_of, request_of, submit, task_of, titles
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


async def test_a_day_that_is_marked_moves_what_was_firm_and_no_other(town: Town, capfd: Captured) -> None:
    resident = await town.person("resident-1")
    lamp, gas = await submit(town, resident), await submit(town, resident, "gas-smell")

    assert await run(town, "mark", "2026-11-25", "off", "--reason", "县里通知") == 0
    await rounds(town.house)

    assert (await request_of(resident, lamp) or {})["promiseDueAt"] == "2026-12-01T09:30:00.000Z"
    assert (await request_of(resident, gas) or {})["promiseDueAt"] == "2026-11-23T04:00:00.000Z"
    assert await town.count("events", kind="DeadlinesRecounted") == 1
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
