"""Lists to take away: the same rows as the list itself, without anybody's contact, and never a formula."""

import csv
import io
from dataclasses import replace
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook

from domain import exports as law
from domain.pages import PageRequest
from resolvers import exports as deeds
from resolvers.requests import requests_found
from server import exports as doors
from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    Answer,
    answer,
    bring,
    end_posts,
    give_posts_back,
    home_of,
    name_of,
    node,
    nothing_written,
    rows,
    submit,
)

LISTED = "query($filter: RequestFilter) { requests(filter: $filter, first: 100) { edges { node { id } } } }"


async def get(player: Player, name: str = "requests.csv", **parameters: Any) -> httpx.Response:
    return await player._client.get(f"/exports/{name}", params=parameters, headers=player._headers)


async def taken(player: Player, name: str = "requests.csv", **parameters: Any) -> list[dict[str, str]]:
    """The rows that somebody takes away, by their headers in English."""
    got = await player._client.get(f"/exports/{name}", params=parameters, headers={**player._headers, "Accept-Language": "en"})
    assert got.status_code == 200, got.text
    assert got.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(got.content.decode("utf-8-sig"), newline="")))


def error(response: httpx.Response) -> Answer:
    [only] = response.json()["errors"]
    return {"status": response.status_code, "code": only["extensions"]["code"], "message": only["message"]}


async def log(town: Town) -> list[Answer]:
    officer = await town.person("privacy-officer-1")
    return rows((await officer.ask("{ searchLog { edges { node { kind by { id } filters rows } } } }"))["searchLog"])


@pytest.mark.parametrize("handle", ["dispatcher-1", "secretary-1", "grid-leader-1", "grid-leader-2", "centre-clerk-1"])
@pytest.mark.parametrize("filter_", [{}, {"states": ["CLOSED", "IN_HAND"]}, {"overdue": True}, {"overdue": False}, {"text": "灯不亮"}])
async def test_exported_ids_are_those_that_are_listed(
    town: Town, monkeypatch: pytest.MonkeyPatch, handle: str, filter_: dict[str, Any]
) -> None:
    monkeypatch.setattr(deeds, "STEP", 2)
    one, two, worker, leader = await town.people("resident-1", "resident-4", "grid-worker-1", "grid-leader-1")
    for item in ("stairwell-lamp", "lift-repair", "staff-conduct"):
        await submit(town, one, item)
    for item in ("stairwell-lamp", "pension-form"):
        await submit(town, two, item)
    closed = await submit(town, one)
    await bring(town, closed, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await answer(one, closed)
    town.clock.advance(hours=11, days=10 if filter_.get("overdue") is not None else 0)
    reader = await town.person(handle)

    listed = [request["id"] for request in rows((await reader.ask(LISTED, filter=filter_))["requests"])]
    given = {name: str(value).lower() if isinstance(value, bool) else value for name, value in filter_.items()}

    assert [row["Id"] for row in await taken(reader, **given)] == listed


async def test_a_row_is_of_the_matter_and_of_nobody(town: Town) -> None:
    resident, dispatcher = await town.people("resident-1", "dispatcher-1")
    place = {"address": "三单元五楼东户", "location": {"lat": 35.201, "lng": 115.501}}
    own: dict[str, Any] = {**place, "householdId": home_of(town, "resident-1")}
    matter = await submit(town, resident, text="灯不亮，\n打138 1234 5678找我", **own)

    got = await get(dispatcher)
    [row] = await taken(dispatcher)

    text = got.content.decode()
    assert row["Words (long numbers covered)"] == "灯不亮，\n打*****找我"
    assert (row["Number"], row["State"], row["Came in"], row["Promise broken"]) == (matter.number, "in hand", "by themselves", "no")
    assert row["Made (Shanghai time)"].startswith("2026-11-23 10:")
    for hidden in (name_of(town, "resident-1"), town.id_of("resident-1"), home_of(town, "resident-1"), "三单元五楼东户", "35.201", "1234"):
        assert hidden not in text
    assert "办理中" in text
    assert got.headers["content-type"] == "text/csv; charset=utf-8"
    assert got.headers["content-disposition"] == 'attachment; filename="requests.csv"'


async def test_a_shielded_matter_does_not_say_where_it_lies_or_who_typed(town: Town) -> None:
    resident, dispatcher = await town.people("resident-1", "dispatcher-1")
    await submit(town, resident, "staff-conduct", householdId=home_of(town, "resident-1"))

    [row] = await taken(dispatcher)

    assert (row["Grid"], row["Came in"]) == ("", "")


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@SUM(A1)", " =cmd|'/c calc'!A0", "＝1+1"])
async def test_no_cell_is_a_formula(town: Town, text: str) -> None:
    resident, dispatcher = await town.people("resident-1", "dispatcher-1")
    await submit(town, resident, text=text)

    [row] = await taken(dispatcher)

    assert row["Words (long numbers covered)"] == f"'{text.strip()}"


async def test_a_workbook_holds_the_same_rows_as_text(town: Town) -> None:
    resident, dispatcher = await town.people("resident-1", "dispatcher-1")
    made = [await submit(town, resident, text="=1+1"), await submit(town, resident)]

    got = await get(dispatcher, "requests.xlsx")

    [sheet] = [CalamineWorkbook.from_filelike(io.BytesIO(got.content)).get_sheet_by_index(0).to_python()]
    assert [row[0] for row in sheet] == ["标识", *(matter.request_id for matter in reversed(made))]
    assert sheet[2][-1] == "'=1+1"
    assert sheet[1][:4] == [made[1].request_id, made[1].number, "2026-11-23 10:00", "办理中"]


async def test_a_workbook_of_too_many_rows_is_refused_with_the_way_out(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "MOST_IN_A_WORKBOOK", 1)
    resident, dispatcher = await town.people("resident-1", "dispatcher-1")
    await submit(town, resident)
    assert (await get(dispatcher, "requests.xlsx")).status_code == 200
    await submit(town, resident)

    refused = error(await get(dispatcher, "requests.xlsx"))

    assert (refused["status"], refused["code"]) == (422, "LIMIT_REACHED")
    assert ".csv" in refused["message"]
    assert [line["rows"] for line in await log(town)] == [None, 1]
    assert len(await taken(dispatcher)) == 2


async def test_tasks_are_exported_without_who_has_them_and_never_by_person(town: Town) -> None:
    resident, dispatcher, worker = await town.people("resident-1", "dispatcher-1", "grid-worker-1")
    matter = await submit(town, resident)
    await bring(town, matter, worker, "IN_PROGRESS")

    [row] = await taken(dispatcher, "tasks.csv", states="IN_PROGRESS,QUEUED")

    assert (row["Id"], row["Request"], row["State"]) == (matter.task_id, matter.request_id, "under way")
    shown = await node(dispatcher, matter.task_id, "... on Task { owner { name } grid { name } title }")
    assert shown is not None
    assert (row["Unit"], row["Grid"], row["Title"]) == (shown["owner"]["name"], shown["grid"]["name"], shown["title"])
    assert town.id_of("grid-worker-1") not in str(row)
    assert name_of(town, "grid-worker-1") not in str(row)
    refused = error(await get(dispatcher, "tasks.csv", assigneeId=town.id_of("grid-worker-1")))
    assert (refused["status"], refused["message"]) == (400, "nothing is exported by person")
    assert (await get(dispatcher, "tasks.xlsx")).content.startswith(b"PK")


@pytest.mark.parametrize(
    "handle", ["resident-1", "grid-worker-1", "provider-worker-1", "administrator-1", "privacy-officer-1", "hub-host-1"]
)
async def test_only_whoever_answers_for_a_unit_exports(town: Town, handle: str) -> None:
    somebody = await town.person(handle)

    async with nothing_written(town):
        refused = [error(await get(somebody, name)) for name in ("requests.csv", "requests.xlsx", "tasks.csv")]

    assert [(no["status"], no["code"]) for no in refused] == [(403, "NOT_ALLOWED")] * 3


async def test_without_sign_in_there_is_nothing(town: Town) -> None:
    stranger, dispatcher = town.stranger(), await town.person("dispatcher-1")
    dispatcher._headers["Authorization"] = "Bearer nothing"

    asked, expired = await get(stranger), await get(dispatcher)

    assert (error(asked)["status"], error(asked)["code"]) == (401, "SIGN_IN_REQUIRED")
    assert (error(expired)["status"], error(expired)["code"]) == (401, "UNAUTHENTICATED")
    assert expired.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "parameters",
    [
        {"nothing": "x"},
        {"states": "OPEN"},
        {"overdue": "yes"},
        {"unitId": ["a", "b"]},
        {"submittedAfter": "yesterday"},
        {"text": "13812345678"},
        {"itemIds": [str(number) for number in range(101)]},
    ],
)
async def test_what_is_no_filter_is_an_error_and_is_not_on_record(town: Town, parameters: dict[str, Any]) -> None:
    dispatcher = await town.person("dispatcher-1")

    async with nothing_written(town):
        refused = error(await get(dispatcher, **parameters))

    assert (refused["status"], refused["code"]) == (400, "BAD_USER_INPUT")


async def test_each_export_is_on_record_with_who_what_and_how_many(town: Town) -> None:
    resident, leader = await town.people("resident-1", "grid-leader-1")
    await submit(town, resident)

    await taken(leader, text="灯", submittedAfter="2026-11-01T00:00:00+08:00")

    [line] = await log(town)
    assert (line["kind"], line["by"]["id"], line["rows"]) == ("EXPORT", town.id_of("grid-leader-1"), 1)
    assert sorted(line["filters"]) == ["submitted_after", "text"]


async def test_a_post_that_ends_ends_the_export(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deeds, "STEP", 1)
    resident, leader = await town.people("resident-1", "grid-leader-1")
    for _ in range(3):
        await submit(town, resident)

    async def read_and_end(*args: Any, **more: Any) -> Any:
        found = await requests_found(*args, **more)
        await end_posts(town, "grid-leader-1")
        return found

    monkeypatch.setattr(deeds, "requests_found", read_and_end)
    try:
        with pytest.raises(httpx.RemoteProtocolError):
            await get(leader)
    finally:
        await give_posts_back(town, "grid-leader-1")
    assert [line["rows"] for line in await log(town)] == [None]


async def test_whoever_goes_away_ends_the_reading(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows without end: only the client's going away ends them."""
    monkeypatch.setattr(deeds, "STEP", 1)
    resident, dispatcher = await town.people("resident-1", "dispatcher-1")
    await submit(town, resident, text="灯" * 1_000)
    count = [0]

    async def endless(query: Any, page: Any, **more: Any) -> Any:
        count[0] += 1
        found = await requests_found(query, PageRequest(1), **more)
        return replace(found, has_next=True)

    monkeypatch.setattr(deeds, "requests_found", endless)
    async with dispatcher._client.stream("GET", "/exports/requests.csv", headers=dispatcher._headers) as answered:
        await anext(answered.aiter_bytes())
    await dispatcher.ask("{ viewer { person { id } } }")
    for _ in range(50):
        before = count[0]
        await dispatcher.ask("{ viewer { person { id } } }")
        if count[0] == before:
            break

    assert count[0] == before
    assert [line["rows"] for line in await log(town)] == [None]
    assert len(await taken_once(dispatcher, monkeypatch)) == 1


async def taken_once(player: Player, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """Whoever went away takes no place from anybody."""
    monkeypatch.setattr(deeds, "requests_found", requests_found)
    monkeypatch.setattr(doors, "AT_ONCE", 1)
    return await taken(player)


async def test_too_many_at_once_are_told_to_come_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "AT_ONCE", 0)
    dispatcher = await town.person("dispatcher-1")

    refused = await get(dispatcher)

    assert (error(refused)["status"], error(refused)["code"], refused.headers["retry-after"]) == (503, "UNAVAILABLE", "30")


async def test_head_and_post_make_no_list(town: Town) -> None:
    dispatcher = await town.person("dispatcher-1")

    for method in ("HEAD", "POST"):
        got = await dispatcher._client.request(method, "/exports/requests.csv", headers=dispatcher._headers)
        assert got.status_code == 405


def test_a_cell_is_left_as_it_is_where_nothing_would_be_carried_out() -> None:
    assert [law.safe(text) for text in ("", "灯", "3-2-501", "a=b", "\t=1")] == ["", "灯", "3-2-501", "a=b", "'\t=1"]
