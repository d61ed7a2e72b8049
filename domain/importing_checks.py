"""What a file must keep besides, because of what stood before: a closed code never comes again, and nobody gives themself a post."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from domain.errors import Message
from domain.importing import Register
from domain.importing_rows import Shown
from domain.organisation import Organisation
from domain.workbook_checks import Checked, Progress, check
from domain.workbook_desk import Standing
from domain.workbook_pages import MOST_FAULTS, Draft, Fault, Faults, Source, drafts_of, pages_of, standing_draft
from domain.workbook_rows import PostRow, Row, Sheet

Closed = Mapping[Sheet, Mapping[str, date | None]]


@dataclass(frozen=True, slots=True)
class Held:
    """Keeps `Standing`: rows of the sheets that a file leaves as they are, and of grids those that it may succeed."""

    of_sheets: Mapping[Sheet, Iterable[Row]]

    def rows(self, sheet: Sheet) -> Iterable[Row]:
        return self.of_sheets.get(sheet, ())


@dataclass(frozen=True, slots=True)
class Sender:
    """Whoever sends the file signed in, by their code on the list, and the posts that they hold or held."""

    code: str
    posts: Sequence[PostRow]


def sender_of(by_id: str, now: Organisation, register: Register) -> Sender | None:
    """Nobody where it comes from the terminal."""
    if not register.has_stood(by_id):
        return None
    held = [Shown(register).post(post) for post in now.appointments.values() if post.person_id == by_id]
    return Sender(str(register.code_of(by_id)), held)


def judge(
    source: Source, standing: Standing, closed: Closed, sender: Sender | None = None, *, township: str, progress: Progress
) -> Checked:
    """Like `check`, and no code of what was closed comes again, nor does anybody send themself a post."""
    checked = check(source, standing, township=township, progress=progress)
    more = [*_closed_again(source, closed), *(_given_oneself(source, sender) if sender else ())]
    if not more:
        return checked
    found = (*checked.faults, *more)
    return Checked(found[:MOST_FAULTS], checked.left_out + max(0, len(found) - MOST_FAULTS), None)


def _closed_again(source: Source, closed: Closed) -> Iterator[Fault]:
    faults = Faults()
    if any(closed.values()):
        pages = pages_of(source, Faults())
        for sheet, codes in closed.items():
            for draft in drafts_of(pages[sheet], Faults()) if codes else ():
                code = draft.text("code")
                if code is not None and code in codes and draft.day("valid_to") != codes[code]:
                    day = codes[code]
                    what = Message("import.closed_code", {"value": code, "day": day.isoformat() if day else ""})
                    faults.at(pages[sheet], draft, "code", what)
    return iter(faults.sorted())


def _given_oneself(source: Source, sender: Sender) -> Iterator[Fault]:
    """A post of the sender's own that is new, or would last longer than it does."""
    faults, page = Faults(), pages_of(source, Faults())[Sheet.POSTS]
    held = {_place_of(standing_draft(page.form, post)): post.until for post in sender.posts}
    for draft in drafts_of(page, Faults()):
        place, until = _place_of(draft), draft.day("until")
        if draft.text("person") == sender.code and (place not in held or (until or date.max) > (held[place] or date.max)):
            faults.at(page, draft, "person", Message("import.post_for_oneself"), Message("import.expected.by_another"))
    return iter(faults.sorted())


def _place_of(post: Draft) -> tuple[object, ...]:
    return tuple(post.values.get(name) for name in ("role", "unit", "grid", "micro_grid", "since"))
