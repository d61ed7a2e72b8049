"""The feed of changes in somebody's scope: everything once, then what changed, and what left the scope."""

from collections.abc import Iterable, Mapping, Sequence

from domain.access import Actor
from domain.ids import Kind, parse
from domain.ports import Ports
from domain.requests import Request
from domain.sync import SNAPSHOT_KINDS, ChangeBatch, FeedRow, Position, position, stamp_of
from resolvers.notices import notices_by_ids
from resolvers.requests import requests_by_ids
from resolvers.tasks import tasks_by_ids


async def changes(after: str | None, size: int, *, by: Actor, ports: Ports) -> ChangeBatch:
    """The next batch after a cursor; `reset` where the reader's scope is another one than the cursor's."""
    if by.person is None:
        return ChangeBatch((), (), Position(stamp_of(by), 0).encode(), more=False)
    if after is None:
        return await _snapshot(await _beginning(by, ports), size, by, ports)
    where = position(after, by)
    if where is None:
        return await _reset(by, ports)
    return await (_snapshot if where.is_snapshot else _delta)(where, size, by, ports)


async def _reset(by: Actor, ports: Ports) -> ChangeBatch:
    return ChangeBatch((), (), (await _beginning(by, ports)).encode(), more=True, reset=True)


async def _beginning(by: Actor, ports: Ports) -> Position:
    """The head is read first: whatever changes while the snapshot runs is told again after it."""
    head = await ports.feed.head(by.person.township) if by.person else 0
    return Position(stamp_of(by), head, snapshot_kind=0)


async def _snapshot(where: Position, size: int, by: Actor, ports: Ports) -> ChangeBatch:
    changed: list[object] = []
    kind_index, after_id, at = where.snapshot_kind or 0, where.after_id, ports.clock()
    while kind_index < len(SNAPSHOT_KINDS) and len(changed) < size:
        wanted = size - len(changed)
        rows = await ports.feed.everything(SNAPSHOT_KINDS[kind_index], after_id, wanted, seen_by=by)
        changed += [row.seen_by(by, at) if isinstance(row, Request) else row for row in rows]
        if len(rows) < wanted:
            kind_index, after_id = kind_index + 1, ""
        else:
            after_id = rows[-1].id
    is_over = kind_index >= len(SNAPSHOT_KINDS)
    onward = Position(where.stamp, where.number) if is_over else Position(where.stamp, where.number, kind_index, after_id)
    return ChangeBatch(tuple(changed), (), onward.encode(), more=not is_over)


async def _delta(where: Position, size: int, by: Actor, ports: Ports) -> ChangeBatch:
    head = await ports.feed.head(by.person.township) if by.person else 0
    if where.number > head:  # the database was set back: what this phone has may never have been
        return await _reset(by, ports)
    rows = await ports.feed.rows(where.number, head, size, seen_by=by)
    taken = _fitting(rows, size)
    # A row names everything that an act changed: what was never open to the reader is not even told as removed.
    ids = list(dict.fromkeys(id_ for row in taken for id_, scopes in row.subjects if by.may_open(scopes)))
    current = await _current(ids, by, ports)
    number = taken[-1].number if taken else where.number
    return ChangeBatch(
        changed=tuple(current[id_] for id_ in ids if id_ in current),
        removed=tuple(id_ for id_ in ids if id_ not in current),
        cursor=Position(where.stamp, number).encode(),
        more=len(taken) < len(rows) or len(rows) == size,
    )


def _fitting(rows: Sequence[FeedRow], size: int) -> Sequence[FeedRow]:
    """As many rows as name no more than `size` things, and one at least."""
    named: set[str] = set()
    for count, row in enumerate(rows):
        named |= {id_ for id_, _ in row.subjects}
        if len(named) > size and count:
            return rows[:count]
    return rows


async def _current(ids: Sequence[str], by: Actor, ports: Ports) -> Mapping[str, object]:
    by_kind: dict[Kind, list[str]] = {kind: [] for kind in SNAPSHOT_KINDS}
    for id_ in ids:
        ref = parse(id_)
        if ref is not None and ref.kind in by_kind:
            by_kind[ref.kind].append(id_)
    return {
        **_by_id(await requests_by_ids(by_kind[Kind.REQUEST], by=by, ports=ports)),
        **_by_id(await tasks_by_ids(by_kind[Kind.TASK], by=by, ports=ports)),
        **_by_id(await notices_by_ids(by_kind[Kind.NOTICE], by=by, ports=ports)),
    }


def _by_id(things: Iterable[object]) -> dict[str, object]:
    return {thing.id: thing for thing in things}  # type: ignore[attr-defined]  # requests, tasks and notices all have one
