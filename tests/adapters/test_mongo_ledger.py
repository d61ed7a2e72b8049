"""A command is carried out once, whoever sends it again and whatever ends it half-way."""

import asyncio
from random import Random
from uuid import uuid4

import pytest
from pymongo.errors import DuplicateKeyError
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from adapters.mongo.driver import Session
from adapters.mongo.ledger import Ledger
from domain.commands import Replayed
from domain.errors import RefusalCode, Refused, not_found
from resolvers.requests import SubmitRequest, submit_request
from server.wiring import build_house
from tests.adapters.stage import Stage, open_transactions
from tests.conftest import drops_sockets


@pytest.fixture
def ledger(stage: Stage) -> Ledger:
    return Ledger(stage.house.mongo)


async def test_the_record_goes_in_before_anything_that_the_command_does(stage: Stage, ledger: Ledger) -> None:
    command = stage.command()

    async def work(session: Session) -> str:
        record = await stage.house.mongo.collection("commands").find_one({"_id": command.key}, session=session)
        assert record is not None
        assert await stage.count("commands") == 0  # and nobody else sees it yet
        return "done"

    assert await ledger.once(command, stage.township, "subject", work) == "done"
    [record] = await stage.find("commands")
    assert record == {
        "_id": command.key,
        "township": stage.township,
        "verb": "verb",
        "digest": "contents",
        "subject_id": "subject",
        "at": stage.clock(),
    }


async def test_a_command_that_comes_again_is_answered_and_not_carried_out(stage: Stage, ledger: Ledger) -> None:
    command = stage.command()
    await ledger.once(command, stage.township, "subject", _nothing)

    assert await ledger.once(command, stage.township, "another subject", _never) == Replayed("subject")
    assert await ledger.replay_of(command) == Replayed("subject")
    assert await ledger.replay_of(stage.command()) is None


async def test_a_command_with_other_contents_is_a_mismatch(stage: Stage, ledger: Ledger) -> None:
    command = stage.command()
    await ledger.once(command, stage.township, "subject", _nothing)
    other = type(command)(command.person_id, command.command_id, command.verb, "other contents", command.at)

    with pytest.raises(Refused) as refused:
        await ledger.once(other, stage.township, "subject", _never)
    assert (refused.value.refusal.code, refused.value.refusal.field) == (RefusalCode.COMMAND_MISMATCH, "commandId")


async def test_a_command_of_somebody_else_with_the_same_id_is_another_command(stage: Stage, ledger: Ledger) -> None:
    command = stage.command()
    await ledger.once(command, stage.township, "subject", _nothing)
    of_another = type(command)("another", command.command_id, command.verb, "other contents", command.at)

    assert await ledger.once(of_another, stage.township, "subject", _nothing) == "done"


async def test_a_refusal_undoes_the_record_so_that_the_command_may_come_again(stage: Stage, ledger: Ledger) -> None:
    command = stage.command()

    async def refusing(session: Session) -> str:
        await _write(stage, session)
        raise not_found("taskId")

    with pytest.raises(Refused):
        await ledger.once(command, stage.township, "subject", refusing)
    assert (await stage.count("commands"), await stage.count("words")) == (0, 0)
    assert await ledger.once(command, stage.township, "subject", _nothing) == "done"


async def test_another_unique_index_is_no_replay(stage: Stage, ledger: Ledger) -> None:
    async def twice(session: Session) -> None:
        await _write(stage, session)
        await _write(stage, session)

    with pytest.raises(DuplicateKeyError):
        await ledger.once(stage.command(), stage.township, "subject", twice)
    assert (await stage.count("commands"), await stage.count("words")) == (0, 0)


async def test_a_cancelled_command_leaves_nothing_and_blocks_nobody(stage: Stage, ledger: Ledger) -> None:
    command, is_under_way, may_go_on = stage.command(), asyncio.Event(), asyncio.Event()

    async def slow(session: Session) -> str:
        is_under_way.set()
        await may_go_on.wait()
        await _write(stage, session)
        return "done"

    running = asyncio.create_task(ledger.once(command, stage.township, "subject", slow))
    await is_under_way.wait()
    for _ in range(2):
        running.cancel()
        await asyncio.wait({running}, timeout=0.05)
    assert not running.done(), "nobody goes before what they began is undone"
    may_go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert (await stage.count("commands"), await stage.count("words")) == (0, 0)
    assert await open_transactions(stage.house) == []
    assert await ledger.once(command, stage.township, "subject", _nothing) == "done"


async def test_what_goes_wrong_when_nobody_waits_any_more_is_logged(stage: Stage, ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    is_under_way, may_go_on = asyncio.Event(), asyncio.Event()

    async def broken(_: Session) -> None:
        is_under_way.set()
        await may_go_on.wait()
        raise ZeroDivisionError

    running = asyncio.create_task(ledger.once(stage.command(), stage.township, "subject", broken))
    await is_under_way.wait()
    running.cancel("the phone hung up")
    await asyncio.wait({running}, timeout=0.05)
    may_go_on.set()
    with pytest.raises(asyncio.CancelledError, match="the phone hung up"):
        await running

    assert caplog.messages == ["a transaction failed whose caller was cancelled (ZeroDivisionError)"]


@drops_sockets
async def test_a_command_cancelled_at_any_moment_is_carried_out_whole_or_not_at_all(stage: Stage) -> None:
    chance, resident = Random(5), await stage.actor("resident-1")
    sent = [SubmitRequest(uuid4(), stage.item("stairwell-lamp"), f"灯不亮 {number}") for number in range(30)]
    for command in sent:
        running = asyncio.create_task(submit_request(command, by=resident, ports=stage.house.ports))
        await asyncio.sleep(chance.uniform(0, 0.012))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert await open_transactions(stage.house) == []
    await _is_whole(stage)
    for command in sent:
        await submit_request(command, by=resident, ports=stage.house.ports)
    await _is_whole(stage)
    assert await stage.count("requests") == len(sent)


class _Canceller(CommandListener):
    """Cancels a task at the moment at which its transaction sends a command of that name."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._name = name
        self.task: asyncio.Task[object] | None = None

    def started(self, event: CommandStartedEvent) -> None:
        if self.task is not None and event.command_name == self._name and "txnNumber" in event.command:
            self._loop.call_soon_threadsafe(self.task.cancel)

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


@pytest.mark.parametrize(("sent", "kept"), [("insert", 0), ("abortTransaction", 0), ("commitTransaction", 1)])
async def test_a_cancelled_command_leaves_no_transaction_open(stage: Stage, sent: str, kept: int) -> None:
    """A command that is cut off may reach the server after the abort; then it opens a transaction that nobody ever ends."""
    canceller = _Canceller(sent)
    house = build_house(stage.house.settings, listeners=[canceller])
    work = _refusing if sent == "abortTransaction" else _nothing
    try:
        for number in range(1, 31):
            canceller.task = asyncio.create_task(Ledger(house.mongo).once(stage.command(), stage.township, "subject", work))
            [end] = await asyncio.gather(canceller.task, return_exceptions=True)
            assert isinstance(end, asyncio.CancelledError)
            assert await open_transactions(stage.house) == []
            assert await stage.count("commands") == kept * number
    finally:
        await house.close()


async def _is_whole(stage: Stage) -> None:
    """For each command everything, and nothing without a command."""
    subjects = {record["subject_id"] for record in await stage.find("commands")}
    assert {document["_id"] for document in await stage.find("requests")} == subjects
    assert {document["_id"] for document in await stage.find("words")} == subjects
    assert {document["request_id"] for document in await stage.find("tasks")} == subjects
    assert {document["request_id"] for document in await stage.find("events")} == subjects


async def _write(stage: Stage, session: Session) -> None:
    await stage.house.mongo.collection("words").insert_one({"_id": "words", "township": stage.township}, session=session)


async def _nothing(_: Session) -> str:
    return "done"


async def _refusing(_: Session) -> str:
    raise not_found("taskId")


async def _never(_: Session) -> str:
    raise AssertionError("carried out again")
