"""What a file changes, in sentences: sheet by sheet the numbers, and then row by row. No telephone number and no address is among them."""

from collections.abc import Iterator, Sequence

from domain.errors import Message
from domain.importing import Difference, Line, What
from domain.messages import DEFAULT_LANGUAGE, Messages
from domain.workbook import Form, form_of
from domain.workbook_rows import Sheet

SIGNS = {What.ADDED: "+", What.CHANGED: "~", What.ENDED: "-", What.KEPT: "="}


def told(differences: Sequence[Difference], messages: Messages, language: str) -> Iterator[str]:
    """Lines for people, those of rows indented."""
    for difference in differences:
        form = form_of(difference.sheet)
        sheet = form.in_language(is_english=language != DEFAULT_LANGUAGE)
        numbers = {name: getattr(difference, name) for name in ("added", "changed", "ended", "unchanged")}
        yield messages.render(Message("import.told.sheet", {"sheet": sheet, **numbers}), language)
        if difference.kept:
            stay: dict[str, str | int] = {"sheet": sheet, "kept": difference.kept}
            is_link = difference.sheet is Sheet.LINKS
            what = Message("import.told.kept_links", stay) if is_link else Message("import.told.kept", stay)
            yield messages.render(what, language)
        for line in difference.lines:
            yield f"  {SIGNS[line.what]} {line_told(form, line, language)}"
        more = difference.added + difference.changed + difference.ended + difference.kept - len(difference.lines)
        if more:
            yield "  " + messages.render(Message("import.told.more", {"count": more}), language)


def line_told(form: Form, line: Line, language: str) -> str:
    """A row's code, and field by field what it was and what it becomes."""
    is_english = language != DEFAULT_LANGUAGE
    parts = []
    for cut in line.cuts:
        header = form.column(cut.column).in_language(is_english=is_english)
        parts.append(f"{header} {cut.before or '–'} → {cut.after or '–'}" if cut.before or cut.after else header)
    return f"{line.code}: {'; '.join(parts)}" if parts else line.code
