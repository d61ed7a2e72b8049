"""Writes docs/lifecycle.md, docs/actions.md and docs/requests.md from the tables of moves; a test holds them to it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import Enum
from pathlib import Path

from domain.access import Actor
from domain.lifecycle import MOVES, Move, TaskAction, Verb, actions
from domain.organisation import Organisation, OrgUnitKind
from domain.posts import Role
from domain.request_moves import REQUEST_MOVES
from domain.rights import RIGHTS
from domain.standings import Standing
from domain.tasks import OVER, TaskState
from schema import enums  # noqa: F401  # describes every value
from tests.domain.cast import MONDAY, actor, asked, id_of, planned, standing_in, town
from tests.domain.documents_of_requests import requests_page

DOCS = Path(__file__).parents[2] / "docs"
LIFECYCLE, ACTIONS, REQUESTS = DOCS / "lifecycle.md", DOCS / "actions.md", DOCS / "requests.md"
NOTE = "<!-- Written by `python -m tests.domain.documents`; a test fails where it is stale. Change `domain/lifecycle.py` instead. -->"

LAST_ROW = 30
NO_MOVES: Mapping[int, str] = {
    1: "submit 提交: a request comes to be, and `received` or in hand at once; see [requests](requests.md#from-state-to-state)",
    30: "anonymise 匿名化: the time for which it is kept is over, whatever its state; see [retention](privacy.md)",
}
"""Rows that take nothing from one state to another, or that no verb has yet; a row that stands in a table is told from there."""
CHINESE: Mapping[Verb, str] = {
    Verb.CALL_OFF: "专项行动结束",
    Verb.ASSIGN_AGAIN: "改派",
    Verb.REMIND: "催签",
    Verb.ESCALATE: "超时升级",
    Verb.MISS_CONTACT: "超时未联系",
    Verb.WARN: "黄灯预警",
    Verb.MISS: "红灯逾期",
    Verb.BREAK_PROMISE: "承诺逾期",
    Verb.RECOUNT: "日历变更重算",
    Verb.APPROVE_RETURN: "同意退单",
    Verb.REFUSE_RETURN: "不同意退单",
    Verb.TRY_CONTACT: "联系未果",
    Verb.START: "首次联系",
    Verb.CONTACT_AGAIN: "再次联系",
    Verb.GRANT_EXTENSION: "同意延期",
    Verb.REFUSE_EXTENSION: "不同意延期",
    Verb.END_SUSPENSION: "挂起到期恢复",
    Verb.DEFER_AT_ONCE: "直接挂账",
    Verb.APPROVE_DEFERRAL: "同意挂账",
    Verb.REFUSE_DEFERRAL: "不同意挂账",
    Verb.OBJECT: "对挂账提出异议",
    Verb.REVIEW: "挂账复查",
    Verb.CONFIRM: "当场确认办结",
    Verb.PASS_CHECK: "核查通过",
    Verb.FAIL_CHECK: "核查不通过",
    Verb.ANSWER: "回访评价",
    Verb.RECORD: "代录回访",
    Verb.BEGIN_CALLS: "开始回访",
    Verb.TRY_CALL: "回访未果",
    Verb.SILENT_CLOSE: "逾期未答办结",
    Verb.REWORK: "重办",
    Verb.MISS_CALL_OUT: "超时未到场",
    Verb.REMIND_TO_RATE: "吹哨评价提醒",
    Verb.HOLD: "暂存回报",
    Verb.BEGIN_AS_HELD: "按暂存回报开始",
    Verb.COMPLETE_AS_HELD: "按暂存回报办结",
    Verb.REPORT_LATE: "迟到回报",
    Verb.REPORT_AFTER: "中止后回报",
    Verb.APPROVE_REPORT: "采纳迟到回报",
    Verb.DISMISS_REPORT: "不采纳迟到回报",
}
"""The word for a verb whose action has none of its own."""


# Who of the demo's cast stands how to a task, and over which item: one row for each, in the order of the roles.
CAST: Mapping[tuple[str, str], tuple[str, str]] = {
    ("RESIDENT", "who asked"): ("stairwell-lamp", "resident-1"),
    ("RESIDENT", "a neighbour"): ("stairwell-lamp", "resident-2"),
    ("LINK_MEMBER", "of the household"): ("stairwell-lamp", "link-member-1"),
    ("HUB_HOST", "who has it"): ("haircut-at-home", "hub-host-1"),
    ("HUB_HOST", "of the micro-grid"): ("stairwell-lamp", "hub-host-1"),
    ("GRID_WORKER", "who has it"): ("stairwell-lamp", "grid-worker-1"),
    ("GRID_WORKER", "of another grid"): ("stairwell-lamp", "grid-worker-2"),
    ("GRID_LEADER", "of the owner unit"): ("stairwell-lamp", "grid-leader-1"),
    ("GRID_LEADER", "of another grid"): ("stairwell-lamp", "grid-leader-2"),
    ("CENTRE_CLERK", "who has it"): ("pension-form", "centre-clerk-1"),
    ("CENTRE_CLERK", "of the same counter"): ("pension-form", "centre-clerk-2"),
    ("DISPATCHER", "of the township"): ("stairwell-lamp", "dispatcher-1"),
    ("SECRETARY", "of the settlement"): ("stairwell-lamp", "secretary-1"),
    ("SECRETARY", "of the village left"): ("stairwell-lamp", "village-officer-1"),
    ("SECRETARY", "of an area committee that covers it"): ("stairwell-lamp", "secretary-2"),
    ("PROVIDER_WORKER", "who has it"): ("lift-repair", "provider-worker-1"),
    ("VOLUNTEER", "who has it"): ("tree-planting", "volunteer-1"),
    ("PRIVACY_OFFICER", "of the township"): ("stairwell-lamp", "privacy-officer-1"),
    ("ADMINISTRATOR", "of the township"): ("stairwell-lamp", "administrator-1"),
}


OF_AN_OVERLAY = ("SECRETARY", "of an area committee that covers it")


def standing_there(key: tuple[str, str]) -> Actor:
    """Whom of the cast the row means; for the overlay, which the demo has none of, the township's secretary is given one."""
    return actor(CAST[key][1], organisation=_with_an_overlay() if key == OF_AN_OVERLAY else None)


def _with_an_overlay() -> Organisation:
    parts, root = planned().parts, town().root()
    branches = tuple(unit.id for unit in parts.units if unit.kind is OrgUnitKind.GRID_BRANCH)
    area = replace(root, id="area", name="片区党委", kind=OrgUnitKind.AREA_COMMITTEE, parent_id=root.id, covers=branches)
    posts = [replace(post, unit_id=area.id) if post.person_id == id_of("secretary-2") else post for post in parts.appointments]
    return Organisation(root.township, "with an overlay", replace(parts, units=[*parts.units, area], appointments=posts))


def chinese(value: Enum) -> str:
    """The Chinese word of a state or an action, as the schema tells it."""
    definition = type(value).__strawberry_definition__  # type: ignore[attr-defined]  # put there by the schema
    described = next(shown.description for shown in definition.values if shown.name == value.name)
    return str(described).partition("(")[2].partition(")")[0]


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *(list(row) for row in rows)]
    return ["| " + " | ".join(cell.replace("|", "／") for cell in line) + " |" for line in lines]


def names(states: Iterable[TaskState]) -> str:
    held = set(states)
    return "<br>".join(f"`{state.value}`" for state in TaskState if state in held)


def lifecycle() -> str:
    return "\n".join(
        [
            "# The life of a task",
            "",
            NOTE,
            "",
            "Every legal move is one row of `MOVES` in `domain/lifecycle.py`: code, `Task.actions`, this page and the tests read it.",
            "A verb is refused for the first of these that holds: it is not yours (`NOT_ALLOWED`), you saw another version (`CONFLICT`),",
            "it stands elsewhere (`WRONG_STATE`), a guard speaks against it.",
            "",
            "## From state to state",
            "",
            "```mermaid",
            "stateDiagram-v2",
            *_diagram(),
            "```",
            "",
            "What leaves a task in its state is not drawn:",
            "",
            *table(["State", "By people", "By the clock"], _staying()),
            "",
            "## The rows in order",
            "",
            *table(["Row", "What does it"], ([str(number), *_told_by(number)] for number in range(1, LAST_ROW + 2))),
            "",
            "## Every move",
            "",
            *table(["Row", "Verb", "From", "To", "Who", "Guard", "Clock", "In the history"], _moves()),
            "",
            "Row 10 leads on to `ASSIGNED` at once where the desk names somebody or the router finds somebody; row 12a becomes row 12 with",
            "the third try. Rows 23 to 25 are verbs of the request: every task of it has been checked by then. Rows 22 and 24 lead on to",
            "`QUEUED`, onto the desk, where whoever did the work holds no post any more.",
            "",
            "## What the states mean",
            "",
            *table(["State", "In Chinese"], ([f"`{state.value}`", chinese(state)] for state in TaskState)),
            "",
            "A request follows its tasks: all over is `CLOSED`, all open ones paused is `ON_HOLD`, all checked is `ANSWERED`,",
            "else it is `IN_HAND`. A task that only answers a message after the end is none of its work.",
            "",
            "What is done to a request itself has [a page of its own](requests.md).",
            "",
        ]
    )


def drawn() -> Mapping[tuple[TaskState, TaskState], list[Verb]]:
    """One arrow for each two states, with every verb that leads from the one to the other."""
    arrows: dict[tuple[TaskState, TaskState], list[Verb]] = {}
    for move in MOVES:
        for source in (state for state in TaskState if state in move.sources and move.target not in {None, state}):
            arrows.setdefault((source, move.target or source), []).append(move.verb)
    return arrows


def _diagram() -> Iterable[str]:
    for state in TaskState:
        yield f'    state "{state.value}<br>{chinese(state)}" as {state.value}'
    yield "    [*] --> ASSIGNED: routed to somebody"
    yield "    [*] --> QUEUED: every post vacant"
    for (source, target), verbs in drawn().items():
        yield f"    {source.value} --> {target.value}: {' / '.join(verb.value for verb in verbs)}"
    yield from (f"    {state.value} --> [*]" for state in TaskState if state in OVER)


def _staying() -> Iterable[list[str]]:
    for state in TaskState:
        moves = [move for move in MOVES if state in move.sources and move.target in {None, state}]
        by_clock = [move.verb.value for move in moves if Standing.CLOCK in move.who]
        yield [f"`{state.value}`", ", ".join(move.verb.value for move in moves if Standing.CLOCK not in move.who), ", ".join(by_clock)]


def number_of(row: str) -> int:
    """The row of the law that a row of the tables belongs to: 12b is of 12."""
    return int(row.rstrip("abcdefghijklmnopqrstuvwxyz"))


def _told_by(number: int) -> Iterable[str]:
    of_tasks = [f"{term(move)} ({move.row})" for move in MOVES if number_of(move.row) == number]
    of_requests = [
        f"[{move.action.value.lower().replace('_', ' ')} {chinese(move.action)} ({move.row})](requests.md#every-move)"
        for move in REQUEST_MOVES
        if number_of(move.row) == number
    ]
    yield ", ".join([*of_tasks, *of_requests]) or NO_MOVES.get(number, "")


def term(move: Move) -> str:
    """The verb, and its word in Chinese."""
    return f"{move.verb.value} {CHINESE.get(move.verb) or (chinese(move.action) if move.action else '')}".strip()


def _moves() -> Iterable[list[str]]:
    for move in MOVES:
        who = "<br>".join(standing.value for standing in Standing if standing in move.who)
        yield [
            move.row,
            term(move),
            names(move.sources),
            f"`{move.target.value}`" if move.target else "the same",
            who,
            move.guard,
            move.clock,
            move.evidence.value,
        ]


def role_actions() -> str:
    offered = [action for action in TaskAction if any(move.action is action for move in MOVES)]
    not_yet = ", ".join(f"`{action.value}`" for action in TaskAction if action not in offered)
    head = ["Role", "How they stand to it", "Item", *(f"`{action.value}` {chinese(action)}" for action in offered)]
    return "\n".join(
        [
            "# Who may do what with a task",
            "",
            NOTE,
            "",
            "What `Task.actions` offers the demo's cast, by the state in which the task stands. An empty cell: never.",
            "The task has just come to whoever has it, so no window is over; nobody returned it before.",
            "",
            *table(head, ([*key, f"`{code}`", *_cells(code, standing_there(key), offered)] for key, (code, _) in CAST.items())),
            "",
            "The resident's own verb, the last word, is on the request: once it is `ANSWERED`, by whoever asked or it was asked for,",
            "never by whoever worked on it. A proxy never has it. Where the request is for a home, or typed for somebody whose home",
            "no app reaches, a dispatcher, a centre clerk, or the link member or hub host who typed it records what was said: never",
            "whoever worked on it, never the owner's staff.",
            "",
            f"Offered to nobody yet: {not_yet}.",
            "",
            "## The organisation, and data about persons",
            "",
            "What each role may do within the sub-tree of the unit where it is held (`domain/rights.py`). An empty cell: never.",
            "A counter records proxy grants for the homes that its centre serves.",
            "",
            *table(["Right", *(f"`{role.value}`" for role in Role)], _rights()),
            "",
        ]
    )


def _rights() -> Iterable[list[str]]:
    for right, grant in RIGHTS.items():
        yield [f"{right.value} {grant.chinese}", *("yes" if role in grant.roles else "" for role in Role)]


def _cells(code: str, by: Actor, offered: Iterable[TaskAction]) -> Iterable[str]:
    for action in offered:
        states = [state for state in TaskState if action in actions(standing_in(state, asked(code)).tasks[0], by, at=MONDAY)]
        yield names(states)


def is_as_told(key: tuple[str, str]) -> bool:
    """Whether somebody of the cast stands to the task as the row says, where it says that they have it."""
    code, handle = CAST[key]
    return (asked(code).tasks[0].assignee_id == id_of(handle)) == (key[1] == "who has it")


def requests() -> str:
    return requests_page(table, chinese)


def main() -> None:
    for path, text in ((LIFECYCLE, lifecycle()), (ACTIONS, role_actions()), (REQUESTS, requests())):
        path.write_text(text, "utf-8")
        print(f"wrote {path.relative_to(DOCS.parent)}")


if __name__ == "__main__":
    main()
