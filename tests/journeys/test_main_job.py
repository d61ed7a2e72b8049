"""The whole story, from asking to the last word."""

from tests.conftest import Town


async def test_a_lamp_is_mended_and_the_resident_has_the_last_word(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    asked = await resident.do("submitRequest", "request { id state tasks { id state } }", itemId=town.item("stairwell-lamp"), text="灯不亮")
    task_id = asked["request"]["tasks"][0]["id"]
    await town.settle()

    for verb, fields in (
        ("acknowledgeTask", {}),
        ("startTask", {"contact": "CALL"}),
        ("completeTask", {"outcome": "SOLVED", "note": "换了灯泡"}),
    ):
        done = await worker.do(verb, "task { state }", taskId=task_id, **fields)
        assert "task" in done, done
    assert "task" in await leader.do("verifyTask", "task { state }", taskId=task_id, passed=True)
    answered = await resident.do(
        "answerFollowUp", "request { state verdict grade }", requestId=asked["request"]["id"], verdict="SOLVED", grade="VERY_SATISFIED"
    )

    assert answered["request"] == {"state": "CLOSED", "verdict": "SOLVED", "grade": "VERY_SATISFIED"}
