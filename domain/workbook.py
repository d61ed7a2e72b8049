"""The sheets of the file that a committee brings its organisation in: columns, headers in both languages, words, shapes of codes."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import TypeVar

from domain import workbook_cells as cells
from domain.errors import Message
from domain.households import Reach
from domain.organisation import GridKind, OrgUnitKind
from domain.places import Area
from domain.posts import Role
from domain.workbook_cells import Reader
from domain.workbook_rows import Sheet

E = TypeVar("E", bound=Enum)

EXAMPLES = "示例"
IGNORED_SHEETS = frozenset({EXAMPLES, "说明", "examples", "example", "notes", "readme"})
"""Sheets for people: whatever stands there is no data."""

UNIT_KINDS: Mapping[str, OrgUnitKind] = {
    "乡镇党委": OrgUnitKind.TOWNSHIP_COMMITTEE,
    "安置区党组织": OrgUnitKind.SETTLEMENT_ORG,
    "网格党支部": OrgUnitKind.GRID_BRANCH,
    "专业党支部": OrgUnitKind.PROFESSIONAL_BRANCH,
    "党小组": OrgUnitKind.PARTY_GROUP,
    "原村党组织": OrgUnitKind.VILLAGE_ORG,
    "片区功能型党委": OrgUnitKind.AREA_COMMITTEE,
    "行业党委": OrgUnitKind.INDUSTRY_COMMITTEE,
    "区域性综合服务中心": OrgUnitKind.SERVICE_CENTRE,
    "服务单位": OrgUnitKind.PROVIDER,
}
ROLES: Mapping[str, Role] = {
    "联户党员": Role.LINK_MEMBER,
    "中心户户主": Role.HUB_HOST,
    "网格员": Role.GRID_WORKER,
    "网格长": Role.GRID_LEADER,
    "服务中心工作人员": Role.CENTRE_CLERK,
    "乡镇调度员": Role.DISPATCHER,
    "书记": Role.SECRETARY,
    "服务单位人员": Role.PROVIDER_WORKER,
    "志愿者": Role.VOLUNTEER,
    "个人信息保护专员": Role.PRIVACY_OFFICER,
    "管理员": Role.ADMINISTRATOR,
}
GRID_KINDS: Mapping[str, GridKind] = {"综合网格": GridKind.GENERAL, "专属网格": GridKind.DEDICATED}
REACHES: Mapping[str, Reach] = {
    "应用": Reach.APP,
    "电话": Reach.PHONE,
    "上门": Reach.VISIT,
    "邻居转告": Reach.NEIGHBOUR,
    "中心自取": Reach.CENTRE_PICKUP,
}
YES_OR_NO = ("是", "否")
_OTHER_KINDS = {"新村党组织": OrgUnitKind.SETTLEMENT_ORG, "综合服务中心": OrgUnitKind.SERVICE_CENTRE}
_OTHER_ROLES = {"党员中心户": Role.HUB_HOST, "调度员": Role.DISPATCHER}


@dataclass(frozen=True, slots=True)
class Column:
    """`name` is its English header and the row's field, `header` the Chinese one; `hint` names the message that explains it."""

    name: str
    header: str
    read: Reader
    hint: str
    is_required: bool = False
    choices: tuple[tuple[str, str], ...] = ()

    def in_language(self, *, is_english: bool) -> str:
        return self.name if is_english else self.header

    @property
    def expected(self) -> Message:
        return Message(f"import.expected.{self.hint}")


@dataclass(frozen=True, slots=True)
class Form:
    """One sheet: what its tab is called and which columns it has, in any order."""

    sheet: Sheet
    header: str
    columns: tuple[Column, ...]

    def in_language(self, *, is_english: bool) -> str:
        return self.sheet.value if is_english else self.header

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def known_by(self, header: str) -> Column | None:
        """The column that a header means, in either language."""
        meant = folded(header)
        return next((column for column in self.columns if meant in {folded(column.header), folded(column.name)}), None)


def folded(header: str) -> str:
    """A header or a sheet's name without what people add to it: stars, blanks, capitals."""
    text = unicodedata.normalize("NFKC", header).casefold()
    return "".join(character for character in text if character.isalnum())


def _words(words: Mapping[str, E], others: Mapping[str, E] = MappingProxyType({})) -> Mapping[str, E]:
    return {**words, **others, **{value.value: value for value in words.values()}}


def _choices(words: Mapping[str, E]) -> tuple[tuple[str, str], ...]:
    return tuple((word, value.value) for word, value in words.items())


_unit_code = cells.code_of("[0-9]{9,24}")
_division_code = cells.code_of("[0-9]{12}")
_grid_code = cells.code_of("[0-9]{15}")
_micro_grid_code = cells.code_of("[0-9]{17}")
_free_code = cells.free_code_of("[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_name = cells.text_of(60)

_VALID = (
    Column("valid_from", "生效日期", cells.day, "valid_from", is_required=True),
    Column("valid_to", "失效日期", cells.day, "valid_to"),
)

FORMS: Sequence[Form] = (
    Form(
        Sheet.UNITS,
        "组织",
        (
            Column("code", "编码", _unit_code, "unit_code", is_required=True),
            Column("name", "名称", _name, "name", is_required=True),
            Column("kind", "类别", cells.word_of(_words(UNIT_KINDS, _OTHER_KINDS)), "unit_kind", True, _choices(UNIT_KINDS)),
            Column("parent", "上级编码", _unit_code, "parent"),
            Column("skill", "专业", _name, "skill"),
            Column("covers", "统筹组织", cells.codes_of("[0-9]{9,24}"), "covers"),
            *_VALID,
        ),
    ),
    Form(
        Sheet.VILLAGES,
        "原村",
        (
            Column("division_code", "区划代码", _division_code, "division_code", is_required=True),
            Column("name", "名称", _name, "name", is_required=True),
            Column("unit", "组织编码", _unit_code, "village_unit", is_required=True),
        ),
    ),
    Form(
        Sheet.GRIDS,
        "网格",
        (
            Column("code", "编码", _grid_code, "grid_code", is_required=True),
            Column("name", "名称", _name, "name", is_required=True),
            Column("kind", "类型", cells.word_of(_words(GRID_KINDS)), "grid_kind", True, _choices(GRID_KINDS)),
            Column("branch", "支部编码", _unit_code, "branch", is_required=True),
            Column("boundary", "边界", cells.boundary, "boundary"),
            Column("succeeds", "沿袭", cells.codes_of("[0-9]{15}"), "succeeds"),
            *_VALID,
        ),
    ),
    Form(
        Sheet.MICRO_GRIDS,
        "微网格",
        (
            Column("code", "编码", _micro_grid_code, "micro_grid_code", is_required=True),
            Column("name", "名称", _name, "name", is_required=True),
            Column("grid", "网格编码", _grid_code, "grid", is_required=True),
            Column("valid_from", "生效日期", cells.day, "valid_from"),
            Column("valid_to", "失效日期", cells.day, "valid_to"),
        ),
    ),
    Form(
        Sheet.PERSONS,
        "人员",
        (
            Column("code", "编号", _free_code, "free_code", is_required=True),
            Column("display_name", "显示姓名", cells.text_of(40), "display_name", is_required=True),
            Column("household", "住户编号", _free_code, "household"),
            Column("phone", "电话", cells.phone, "phone"),
            Column("reach", "送达方式", cells.word_of(_words(REACHES)), "reach", False, _choices(REACHES)),
        ),
    ),
    Form(
        Sheet.POSTS,
        "任职",
        (
            Column("person", "人员编号", _free_code, "person", is_required=True),
            Column("role", "角色", cells.word_of(_words(ROLES, _OTHER_ROLES)), "role", True, _choices(ROLES)),
            Column("unit", "组织编码", _unit_code, "unit", is_required=True),
            Column("grid", "网格编码", _grid_code, "post_grid"),
            Column("micro_grid", "微网格编码", _micro_grid_code, "post_micro_grid"),
            Column("since", "起始日期", cells.day, "valid_from", is_required=True),
            Column("until", "终止日期", cells.day, "valid_to"),
        ),
    ),
    Form(
        Sheet.HUBS,
        "中心户",
        (
            Column("micro_grid", "微网格编码", _micro_grid_code, "micro_grid", is_required=True),
            Column("host", "户主人员编号", _free_code, "host", is_required=True),
        ),
    ),
    Form(
        Sheet.HOUSEHOLDS,
        "住户",
        (
            Column("code", "编号", _free_code, "free_code", is_required=True),
            Column("room", "门牌", cells.text_of(40), "room", is_required=True),
            Column("address", "地址", cells.text_of(200), "address", is_required=True),
            Column("grid", "网格编码", _grid_code, "grid", is_required=True),
            Column("micro_grid", "微网格编码", _micro_grid_code, "home_micro_grid"),
            Column("village", "原村区划代码", _division_code, "village"),
        ),
    ),
    Form(
        Sheet.LINKS,
        "联户",
        (
            Column("household", "住户编号", _free_code, "link_household", is_required=True),
            Column("member", "联户党员人员编号", _free_code, "link_member", is_required=True),
            Column("since", "起始日期", cells.day, "valid_from", is_required=True),
            Column("until", "终止日期", cells.day, "valid_to"),
            Column("agreed", "住户同意", cells.yes_or_no, "agreed", True, tuple(zip(YES_OR_NO, ("yes", "no"), strict=True))),
        ),
    ),
)
"""In the order in which the template shows them."""

_BY_SHEET = {form.sheet: form for form in FORMS}


def form_of(sheet: Sheet) -> Form:
    return _BY_SHEET[sheet]


def form_named(name: str) -> Form | None:
    """The form whose sheet bears that name, in either language."""
    return next((form for form in FORMS if folded(name) in {folded(form.header), folded(form.sheet.value)}), None)


def form_for_headers(headers: Sequence[str]) -> Form | None:
    """The one form that a line of headers means, when no sheet's name says it."""
    fitting = {form.sheet: sum(form.known_by(header) is not None for header in headers) for form in FORMS}
    most = max(fitting.values())
    best = [
        form for form in FORMS if fitting[form.sheet] == most and all(_is_there(c, form, headers) for c in form.columns if c.is_required)
    ]
    return best[0] if len(best) == 1 and most > 0 else None


def _is_there(column: Column, form: Form, headers: Sequence[str]) -> bool:
    return any(form.known_by(header) is column for header in headers)


def written(column: Column, value: object, *, is_english: bool = False) -> str:
    """A row's value as its cell shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return column.choices[0 if value else 1][is_english]
    if isinstance(value, Enum):
        return next(words[is_english] for words in column.choices if words[1] == value.value)
    if isinstance(value, tuple):
        return ";".join(value)
    if isinstance(value, Area):
        ring = (*value.corners, value.corners[0])
        return f"POLYGON(({', '.join(f'{corner.lng} {corner.lat}' for corner in ring)}))"
    return value.isoformat() if isinstance(value, date) else str(value)
