"""A deployment's own catalogue: read from tables, checked whole, compared with what there is by code."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Any

from domain.deadlines import DeadlineClass
from domain.items import MatterScope, OwnerRule, ServiceItem, ServiceLine

WORDS: Mapping[str, type[Enum]] = {
    "line": ServiceLine,
    "owner_rule": OwnerRule,
    "default_scope": MatterScope,
    "deadline_class": DeadlineClass,
}
TEXTS = ("code", "name", "skill", "photo_reason", "number_to_dial")
FLAGS = ("is_shielded", "needs_paper", "is_auto_accepted", "is_shared")
OWNERS = "assist_rules"
REQUIRED = ("code", "name", "line", "owner_rule", "default_scope", "deadline_class")
LONGEST = 60


@dataclass(frozen=True, slots=True)
class ItemFault:
    """What is wrong with the item `number` (from 1) of the file, at which key, and what is expected there."""

    number: int
    key: str
    expected: str


@dataclass(frozen=True, slots=True)
class CatalogueChange:
    """Items as they are to be: new ones, and changed ones with their version raised; `kept` are codes that the file does not name."""

    added: tuple[ServiceItem, ...]
    changed: tuple[ServiceItem, ...]
    unchanged: int
    kept: tuple[str, ...]


def faults_of(tables: Sequence[object]) -> tuple[ItemFault, ...]:
    """Every fault at once; none where the tables can be read."""
    found = [fault for number, table in enumerate(tables, 1) for fault in _faults(number, table)]
    seen: dict[object, int] = {}
    for number, table in enumerate(tables, 1):
        code = table.get("code") if isinstance(table, Mapping) else None
        if code is not None and seen.setdefault(code, number) != number:
            found.append(ItemFault(number, "code", f"a code of its own; item {seen[code]} has it"))
    return tuple(found)


def _faults(number: int, table: object) -> Iterator[ItemFault]:
    if not isinstance(table, Mapping):
        yield ItemFault(number, "item", "a table with keys")
        return
    known = {*WORDS, *TEXTS, *FLAGS, OWNERS}
    yield from (ItemFault(number, str(key), f"one of {', '.join(sorted(known))}") for key in table if key not in known)
    yield from (ItemFault(number, key, "a value: it is required") for key in REQUIRED if key not in table)
    for key, kind in WORDS.items():
        if key in table and table[key] not in kind.__members__:
            yield ItemFault(number, key, f"one of {', '.join(kind.__members__)}")
    for key in TEXTS:
        value = table.get(key)
        if key in table and not (isinstance(value, str) and 0 < len(value.strip()) <= LONGEST and value.isprintable()):
            yield ItemFault(number, key, f"a text of 1 to {LONGEST} characters")
    yield from (ItemFault(number, key, "true or false") for key in FLAGS if not isinstance(table.get(key, False), bool))
    further = table.get(OWNERS, [])
    if not isinstance(further, list) or len({*map(str, further)}) < len(further) or not {*map(str, further)} <= {*OwnerRule.__members__}:
        yield ItemFault(number, OWNERS, f"a list of some of {', '.join(OwnerRule.__members__)}, each once")
        further = []
    needs_skill = OwnerRule.PROFESSIONAL_BRANCH.value in {table.get("owner_rule"), *further}
    if needs_skill != ("skill" in table):
        yield ItemFault(number, "skill", "the skill of the professional branch that owns it or helps, and nothing for other owners")
    if table.get("deadline_class") == DeadlineClass.DANGER.value and "number_to_dial" not in table:
        yield ItemFault(number, "number_to_dial", "the number to dial first, where there is danger")
    if table.get("deadline_class") == DeadlineClass.DANGER.value and table.get("is_auto_accepted") is False:
        yield ItemFault(number, "is_auto_accepted", "true: where there is danger nobody waits to be accepted")
    if table.get("is_shared") is True and (table.get("is_shielded") is True or table.get("needs_paper") is True):
        yield ItemFault(number, "is_shared", "false: what is shielded, or hangs on a paper, is somebody's own")


def change_of(tables: Sequence[Mapping[str, Any]], there: Mapping[str, ServiceItem], new_id: Callable[[], str]) -> CatalogueChange:
    """What tables without fault change; an item keeps its id by its code. `there` is by id."""
    by_code = {item.code: item for item in there.values()}
    added: list[ServiceItem] = []
    changed: list[ServiceItem] = []
    unchanged = 0
    for table in tables:
        values: dict[str, Any] = {key: WORDS[key](value) if key in WORDS else value for key, value in table.items()}
        values[OWNERS] = tuple(OwnerRule(rule) for rule in table.get(OWNERS, ()))
        known = by_code.pop(table["code"], None)
        if known is None:
            added.append(ServiceItem(id=new_id(), **values))
            continue
        plain: dict[str, Any] = {field.name: field.default for field in fields(ServiceItem) if field.name in {*TEXTS[2:], *FLAGS}}
        wanted = replace(known, **{**plain, **values})
        if wanted == known:
            unchanged += 1
        else:
            changed.append(replace(wanted, version=known.version + 1))
    return CatalogueChange(tuple(added), tuple(changed), unchanged, tuple(sorted(by_code)))
