"""The same is asked for again: it is counted as that, and nobody is told whose the other was."""

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import submit

NOVEMBER = 'from: "2026-11-01", to: "2026-11-30"'


async def repeat_rate(town: Town, reader: Player) -> float | None:
    await town.settle()
    data = await reader.ask(f'{{ orgUnit(code: "{town.planned.township_code}") {{ id }} }}')
    document = f"query($id: ID!) {{ measures(unitId: $id, {NOVEMBER}) {{ repeatRate }} }}"
    rate: float | None = (await reader.ask(document, id=data["orgUnit"]["id"]))["measures"][0]["repeatRate"]
    return rate


async def test_the_same_lamp_reported_again_within_a_month_is_a_repeat(town: Town) -> None:
    first, neighbour, dispatcher = await town.people("resident-1", "resident-2", "dispatcher-1")
    await submit(town, first)
    assert await repeat_rate(town, dispatcher) == 0.0

    town.clock.advance(hours=1)
    await submit(town, neighbour)
    await submit(town, first, "pension-form")
    await submit(town, neighbour, "pension-form")
    assert await repeat_rate(town, dispatcher) == 0.25, "the lamp is everybody's, the pension is not"


async def test_what_was_withdrawn_or_is_over_a_month_old_is_repeated_by_nothing(town: Town) -> None:
    first, neighbour, dispatcher = await town.people("resident-1", "resident-2", "dispatcher-1")
    old = await submit(town, first)
    await first.ask(
        "mutation($input: WithdrawRequestInput!) { withdrawRequest(input: $input) { __typename } }",
        input={"commandId": "00000000-0000-4000-8000-000000000001", "requestId": old.request_id},
    )
    town.clock.advance(hours=1)
    await submit(town, neighbour)
    assert await repeat_rate(town, dispatcher) == 0.0
