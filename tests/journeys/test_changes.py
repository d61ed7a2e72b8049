"""A phone that follows its cursor ends equal to the server, whatever happened, and forgets what left its scope."""

from collections.abc import Awaitable, Callable

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    Answer,
    act,
    answer,
    bring,
    end_posts,
    give_posts_back,
    inbox,
    raw,
    rows,
    say,
    submit,
)

CHANGES = """query($after: String, $first: Int) { changes(after: $after, first: $first) {
  cursor more reset removed
  changed { __typename id ... on Task { state version } ... on Request { requestState: state version } ... on Notice { readAt } }
} }"""
LISTS = """{
  tasks(first: 100) { edges { node { __typename id state version } } }
  requests(first: 100) { edges { node { __typename id requestState: state version } } }
  viewer { notices(first: 100) { edges { node { __typename id readAt } } } }
}"""


class Phone:
    """Keeps what it was told, and where it stands."""

    def __init__(self, player: Player, *, first: int = 100) -> None:
        self.player = player
        self.cursor: str | None = None
        self.first = first
        self.held: dict[str, Answer] = {}
        self.told: list[str] = []
        self.resets = 0

    async def sync(self) -> "Phone":
        """Asks until there is no more. `told` is what this time brought."""
        self.told = []
        more = True
        while more:
            batch = (await self.player.ask(CHANGES, after=self.cursor, first=self.first))["changes"]
            if batch["reset"]:
                self.held.clear()
                self.resets += 1
            for thing in batch["changed"]:
                self.held[thing["id"]] = thing
                self.told.append(thing["id"])
            for id_ in batch["removed"]:
                self.held.pop(id_, None)
                self.told.append(f"-{id_}")
            self.cursor, more = batch["cursor"], batch["more"]
        return self

    async def is_equal(self) -> bool:
        """Whether it holds what the lists show, neither more nor less."""
        lists = await self.player.ask(LISTS)
        listed = [*rows(lists["tasks"]), *rows(lists["requests"]), *rows(lists["viewer"]["notices"])]
        return {thing["id"]: thing for thing in listed} == self.held


EVERYBODY = (
    "resident-1",
    "grid-worker-1",
    "grid-worker-2",
    "grid-leader-1",
    "grid-leader-2",
    "secretary-1",
    "dispatcher-1",
    "village-officer-1",
)


async def test_every_phone_ends_equal_to_the_server_after_every_act(town: Town) -> None:
    people = dict(zip(EVERYBODY, await town.people(*EVERYBODY), strict=True))
    phones = [Phone(player, first=2 + number % 3 * 20) for number, player in enumerate(people.values())]
    resident, worker, leader, dispatcher = (people[who] for who in ("resident-1", "grid-worker-1", "grid-leader-1", "dispatcher-1"))
    await submit(town, resident, "land-certificate")
    matter = await submit(town, resident)
    complaint = await submit(town, resident, "staff-conduct", aboutPersonId=town.id_of("grid-worker-1"))

    story: list[Callable[[], Awaitable[object]]] = [
        lambda: act(worker, "returnTask", matter),
        lambda: act(dispatcher, "decideReturn", matter),
        lambda: act(people["secretary-1"], "assignTask", complaint, assigneeId=town.id_of("grid-leader-1")),
        lambda: act(leader, "assignTask", matter, assigneeId=town.id_of("hub-host-1")),
        lambda: act(dispatcher, "assignTask", matter, assigneeId=town.id_of("grid-worker-1")),
        lambda: bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader),
        lambda: answer(resident, matter, "NOT_SOLVED"),
        lambda: act(dispatcher, "assignTask", matter, assigneeId=town.id_of("grid-worker-2")),
        lambda: bring(town, matter, people["grid-worker-2"], "AWAITING_FOLLOW_UP", checked_by=people["grid-leader-2"]),
        lambda: answer(resident, matter),
    ]
    for step, deed in enumerate(story):
        await deed()
        await town.settle()
        for phone in phones:
            assert await (await phone.sync()).is_equal(), (step, phone.player.handle)
    assert [phone.resets for phone in phones] == [0] * len(phones)


async def test_only_what_changed_is_told(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    matters = [await submit(town, resident) for _ in range(12)]
    await town.settle()
    phone = await Phone(worker).sync()
    assert len(phone.held) == 36  # each with its request and its notice

    assert (await phone.sync()).told == []
    for matter in matters[:3]:
        await act(worker, "acknowledgeTask", matter)
    await town.settle()

    told = (await phone.sync()).told
    assert sorted(told) == sorted(id_ for matter in matters[:3] for id_ in (matter.task_id, matter.request_id))
    assert await phone.is_equal()


async def test_what_is_not_numbered_yet_comes_later_and_is_not_lost(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    phone = await Phone(worker).sync()

    matter = await submit(town, resident)
    assert (await phone.sync()).told == []
    await town.settle()

    assert matter.task_id in (await phone.sync()).told
    assert await phone.is_equal()


async def test_a_task_that_moves_is_taken_from_one_and_given_to_the_other(town: Town) -> None:
    handles = ("resident-1", "dispatcher-1", "grid-worker-1", "grid-leader-1", "grid-worker-2", "grid-leader-2", "secretary-1")
    resident, dispatcher, *staff = await town.people(*handles)
    matter = await submit(town, resident)
    await town.settle()
    phones = [await Phone(player).sync() for player in staff]

    await act(dispatcher, "assignTask", matter, assigneeId=town.id_of("grid-worker-2"))
    await town.settle()
    worker, leader, other, other_leader, secretary = [(await phone.sync()).told for phone in phones]

    gone, there = {f"-{matter.task_id}", f"-{matter.request_id}"}, {matter.task_id, matter.request_id}
    assert set(leader) == gone
    assert gone < set(worker)  # and the notice that it went
    assert set(other_leader) == there
    assert there < set(other)  # and the notice that it came
    assert matter.task_id in secretary
    assert [await phone.is_equal() for phone in phones] == [True] * len(phones)


async def test_a_climb_takes_it_from_the_branch_and_leaves_it_with_the_resident(town: Town) -> None:
    resident, leader, secretary = await town.people("resident-1", "grid-leader-1", "secretary-1")
    await end_posts(town, "grid-worker-1")
    matter = await submit(town, resident)
    await town.settle()
    phones = [await Phone(player).sync() for player in (resident, leader, secretary)]

    town.clock.advance(hours=5.5)
    await town.wind()
    await town.settle()
    mine, below, above = [(await phone.sync()).told for phone in phones]

    assert matter.task_id in mine
    assert f"-{matter.task_id}" in below
    assert matter.task_id in above
    assert [await phone.is_equal() for phone in phones] == [True] * 3


async def test_another_post_is_another_scope_and_starts_from_nothing(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    await submit(town, resident)
    await town.settle()
    phone = await Phone(worker).sync()
    assert len(phone.held) == 3

    await end_posts(town, "grid-worker-1")
    await phone.sync()
    assert phone.resets == 1
    assert {thing["__typename"] for thing in phone.held.values()} <= {"Notice"}
    await give_posts_back(town, "grid-worker-1")
    await phone.sync()

    assert (phone.resets, len(phone.held)) == (2, 3)
    assert await phone.is_equal()


async def test_a_notice_read_on_one_phone_is_read_on_the_other(town: Town) -> None:
    resident, worker, again = await town.people("resident-1", "grid-worker-1", "grid-worker-1")
    for _ in range(2):
        await submit(town, resident)
    await town.settle()
    other = await Phone(again).sync()
    notice = (await inbox(worker))[0]

    await say(worker, "markNoticesRead", "unreadNotices", noticeIds=[notice["id"]])
    await town.settle()

    assert (await other.sync()).told == [notice["id"]]
    assert other.held[notice["id"]]["readAt"] is not None
    assert await other.is_equal()


async def test_a_cursor_that_is_none_is_an_error_and_a_strangers_is_a_fresh_start(town: Town) -> None:
    resident, worker, neighbour = await town.people("resident-1", "grid-worker-1", "resident-2")
    await submit(town, resident)
    await town.settle()
    phone = await Phone(worker).sync()

    for bad in ("", "x", "MTIz", phone.cursor[:-4] if phone.cursor else ""):
        body = await raw(worker, CHANGES, after=bad)
        assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_USER_INPUT"], bad
    assert [error["extensions"]["code"] for error in (await raw(worker, CHANGES, first=0))["errors"]] == ["BAD_USER_INPUT"]

    batch = (await neighbour.ask(CHANGES, after=phone.cursor))["changes"]
    assert (batch["reset"], batch["changed"], batch["removed"]) == (True, [], [])
