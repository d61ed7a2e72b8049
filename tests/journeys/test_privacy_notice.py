"""Everybody is told what is kept of them before they ask, and the request says which words they were told."""

from tests.conftest import Town
from tests.journeys.stories import home_of, node, nothing_written, raw, said_in, say, submit


async def test_anybody_reads_the_notice_in_their_language(town: Town) -> None:
    stranger, visitor = town.stranger(), await town.person("resident-1", language="en")

    chinese = (await stranger.ask("{ privacyNotice { version since text spoken } }"))["privacyNotice"]
    english = (await visitor.ask("{ privacyNotice(version: 1) { version text spoken } }"))["privacyNotice"]

    assert (chinese["version"], chinese["since"]) == (1, "2026-11-26")
    assert "监护人" in chinese["text"]
    assert "guardian" in english["text"]
    assert len(chinese["spoken"]) < len(chinese["text"]) / 2
    assert (await stranger.ask("{ privacyNotice(version: 99) { version } }"))["privacyNotice"] is None


async def test_the_request_keeps_the_version_that_was_read_out(town: Town) -> None:
    clerk = await town.person("centre-clerk-1")
    given = {"householdId": home_of(town, "resident-1"), "onBehalfOfId": town.id_of("resident-1")}

    matter = await submit(town, clerk, "pension-form", noticeVersion=1, **given)

    assert await node(clerk, matter.request_id, "... on Request { noticeVersion }") == {"noticeVersion": 1}
    assert await town.count("requests", notice_version=1) == 1


async def test_no_version_is_assumed(town: Town) -> None:
    resident = await town.person("resident-1")

    matter = await submit(town, resident)

    assert await node(resident, matter.request_id, "... on Request { noticeVersion }") == {"noticeVersion": None}


async def test_a_version_that_nobody_could_have_read_is_refused(town: Town) -> None:
    resident = await town.person("resident-1")
    async with nothing_written(town):
        no = await say(resident, "submitRequest", "request { id }", itemId=town.item("stairwell-lamp"), text="灯不亮", noticeVersion=2)

    assert (no["code"], no["field"]) == ("INVALID_INPUT", "noticeVersion")
    body = await raw(resident, "{ privacyNotice(version: 2147483648) { version } }")
    assert "errors" in body
    assert "INTERNAL" not in said_in(body)
