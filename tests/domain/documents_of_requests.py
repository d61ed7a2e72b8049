"""Writes docs/requests.md from the table of a request's moves: `python -m tests.domain.documents` writes it with the others."""

from collections.abc import Callable, Iterable, Mapping
from textwrap import wrap

from domain.request_moves import REQUEST_CLOCK, REQUEST_MOVES, RequestAction, RequestStanding, request_actions
from domain.requests import OVER, RequestState
from tests.domain.cast import MONDAY, actor
from tests.domain.cast_of_requests import for_home, request_in, request_of

NOTE = "<!-- Written by `python -m tests.domain.documents`; a test fails where it is stale. Change `domain/request_moves.py` instead. -->"

CAST: Mapping[tuple[str, str], str] = {
    ("RESIDENT", "who asked"): "resident-1",
    ("RESIDENT", "a neighbour"): "resident-2",
    ("HUB_HOST", "who typed it for the home"): "hub-host-1",
    ("GRID_WORKER", "of its grid, who has it later"): "grid-worker-1",
    ("GRID_WORKER", "of another grid"): "grid-worker-2",
    ("GRID_LEADER", "of the owner unit"): "grid-leader-1",
    ("CENTRE_CLERK", "of the centre beside it"): "centre-clerk-1",
    ("DISPATCHER", "of the township"): "dispatcher-1",
    ("SECRETARY", "of the settlement"): "secretary-1",
    ("ADMINISTRATOR", "of the township"): "administrator-1",
}

Table = Callable[[Iterable[str], Iterable[Iterable[str]]], list[str]]
Chinese = Callable[[RequestState | RequestAction], str]


def requests_page(table: Table, chinese: Chinese) -> str:
    head = ["Role", "How they stand to it", *(f"`{action.value}` {chinese(action)}" for action in RequestAction)]
    return "\n".join(
        [
            "# The life of a request",
            "",
            NOTE,
            "",
            *prose(
                "What a resident said is a request; its [tasks](lifecycle.md) are the work on it, and while there are any its state "
                "follows from them. The request's own verbs are the rows of `REQUEST_MOVES` in `domain/request_moves.py`: code, "
                "`Request.actions`, this page and the tests read it. A verb is refused for the first of these that holds: it is not "
                "yours (`NOT_ALLOWED`), you saw another version (`CONFLICT`), it stands elsewhere (`WRONG_STATE`), a guard speaks "
                "against it (`LIMIT_REACHED`, `TOO_LATE`)."
            ),
            "## From state to state",
            "",
            "```mermaid",
            "stateDiagram-v2",
            *(f'    state "{state.value}<br>{chinese(state)}" as {state.value}' for state in RequestState),
            "    [*] --> RECEIVED: somebody has to accept it",
            "    [*] --> IN_HAND: accepted with the routing",
            "    IN_HAND --> ON_HOLD: all open tasks paused",
            "    ON_HOLD --> IN_HAND: one goes on",
            "    IN_HAND --> ANSWERED: all tasks checked",
            "    ANSWERED --> IN_HAND: not solved",
            "    ANSWERED --> CLOSED: the last word",
            *_diagram(),
            "```",
            "",
            "## Every move",
            "",
            *table(["Row", "Action", "From", "To", "Who", "Guard", "Clock", "In the history"], _moves()),
            "",
            *prose(
                "Withdrawn, declined, merged and handed off requests are in no figure. Their open tasks are called off, and whoever "
                "had one is told."
            ),
            *prose(
                "A merged request goes on in another, and stays its asker's own: they never see the other, nor its asker them. It shows "
                "the promise of the other; when that is answered they are asked too (`answerFollowUp`), and where it is not fixed at "
                "their place theirs goes on by itself, on a new leg. Where the other is withdrawn, declined or handed off there is no "
                "answer: the clock lets each go on by itself right after, in transactions of their own, routed anew and with the promise "
                "that was made; their askers are told. There are no chains: what others go on in is merged into nothing, and into what is "
                "merged nothing is. At most 200 go on in one."
            ),
            *prose(
                "What waits to be taken in has a window for that, as its class has one to sign for a task (of the classes that have none, "
                "as `NORMAL`): at half of it whoever may take it in is reminded, at its end the desk is told, each once. The board has it "
                "in `UNACCEPTED`. Accepting, declining, merging, withdrawing and handing off end that; back at the desk it begins anew."
            ),
            *prose(
                "What is said after the end leaves the request where it is: a task of its own (`Task.isMessage`) goes to whoever "
                "leads the unit that had the request, else to the nearest above, with a leg from then on. It is checked like any "
                "other and then closed; nobody is asked for a last word on it, and no promise is judged by it. While one is open, "
                "further messages are told to whoever has it."
            ),
            *prose(
                "Where others are in danger (`DANGER`), withdrawing takes the person off the work and nothing else: the open tasks "
                "leave the request and go on as work that nobody asked for, with whoever has them."
            ),
            "## Who may do what",
            "",
            *prose(
                "What `Request.actions` offers the demo's cast, by the state. An empty cell: never. Nothing was nudged, objected to "
                "or opened again before, and the end was just now."
            ),
            *table(head, ([*key, *_cells(handle)] for key, handle in CAST.items())),
            "",
            *prose(
                "A proxy withdraws where the grant says so (`mayWithdraw`), and adds messages while it is live. Where it is for a "
                "home, whoever typed it nudges, objects and opens it again, and the dispatcher withdraws it on the home's word. The "
                "last word on what was done is no action: it is `answerFollowUp`, once the request is `ANSWERED`."
            ),
            "## What the states mean",
            "",
            *table(["State", "In Chinese"], ([f"`{state.value}`", chinese(state)] for state in RequestState)),
            "",
        ]
    )


def prose(text: str) -> list[str]:
    """A paragraph, and the empty line after it."""
    return [*wrap(text, 135), ""]


def drawn() -> Mapping[tuple[RequestState, RequestState], list[RequestAction]]:
    """One arrow for each two states, with every verb that leads from the one to the other."""
    arrows: dict[tuple[RequestState, RequestState], list[RequestAction]] = {}
    for move in REQUEST_MOVES:
        for pair in ((source, target) for source in RequestState for target in RequestState if source is not target):
            if pair[0] in move.sources and pair[1] in move.targets:
                arrows.setdefault(pair, []).append(move.action)
    return arrows


def _diagram() -> Iterable[str]:
    for (source, target), actions in drawn().items():
        yield f"    {source.value} --> {target.value}: {' / '.join(action.value.lower().replace('_', ' ') for action in actions)}"
    yield from (f"    {state.value} --> [*]" for state in RequestState if state in OVER)


def _moves() -> Iterable[list[str]]:
    for move in REQUEST_MOVES:
        who = "<br>".join(standing.value for standing in RequestStanding if standing in move.who)
        target = names(move.targets) or "as its tasks say"
        yield [move.row, f"`{move.action.value}`", names(move.sources), target, who, move.guard, move.clock, move.evidence.value]
    for by_clock in REQUEST_CLOCK:
        target = names(by_clock.targets) or "the same"
        named = [by_clock.row, by_clock.deed.value, names(by_clock.sources), target, "the clock"]
        yield [*named, by_clock.guard, by_clock.clock, by_clock.evidence.value]


def names(states: Iterable[RequestState]) -> str:
    held = set(states)
    return "<br>".join(f"`{state.value}`" for state in RequestState if state in held)


def _cells(handle: str) -> Iterable[str]:
    for action in RequestAction:
        yield names(state for state in RequestState if action in _offered(state, handle))


def _offered(state: RequestState, handle: str) -> tuple[RequestAction, ...]:
    case = for_home(request_in(state), handle) if handle == "hub-host-1" else request_in(state)
    return request_actions(request_of(case), actor(handle), at=MONDAY)
