"""Somebody at a desk keeps the lists that they look at every morning."""

from tests.conftest import Town
from tests.journeys.stories import say

SHOWN = (
    "filters { id name savedAt queue { kind unitId } tasks { states overdue unrouted unitId gridIds assigneeId dueBefore } "
    "requests { states itemIds gridIds unitId overdue submittedAfter submittedBefore } }"
)


async def test_a_desk_keeps_its_lists_and_finds_them_again(town: Town) -> None:
    dispatcher, secretary = await town.people("dispatcher-1", "secretary-1")
    unit, item = town.planned.parts.units[0].id, town.item("gas-smell")
    sent = [
        {"name": "早上先看", "queue": {"kind": "UNROUTED", "unitId": unit}},
        {"name": "逾期", "tasks": {"states": ["IN_PROGRESS"], "overdue": True, "unrouted": False}},
        {"name": "燃气", "requests": {"itemIds": [item, item], "submittedAfter": "2026-11-01T00:00:00Z"}},
    ]
    for each in sent:
        answer = await say(dispatcher, "saveFilter", SHOWN, **each)

    [queue, tasks, requests] = answer["filters"]
    assert (queue["queue"], queue["tasks"], queue["requests"]) == ({"kind": "UNROUTED", "unitId": unit}, None, None)
    kept = {name: value for name, value in tasks["tasks"].items() if value is not None}
    assert kept == {"states": ["IN_PROGRESS"], "overdue": True, "unrouted": False}
    assert (requests["requests"]["itemIds"], requests["requests"]["submittedAfter"]) == ([item], "2026-11-01T00:00:00.000Z")
    for player, names in ((dispatcher, ["早上先看", "逾期", "燃气"]), (secretary, [])):
        own = (await player.ask("{ viewer { savedFilters { name } } }"))["viewer"]["savedFilters"]
        assert [each["name"] for each in own] == names

    left = await say(dispatcher, "removeFilter", "filters { name }", filterId=queue["id"])
    assert left == {"filters": [{"name": "逾期"}, {"name": "燃气"}]}
    assert (await say(secretary, "removeFilter", "filters { name }", filterId=tasks["id"]))["code"] == "NOT_FOUND"
    assert (await say(dispatcher, "saveFilter", SHOWN, name="漏水", requests={"text": "漏水"}))["code"] == "INVALID_INPUT"
