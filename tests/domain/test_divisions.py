"""Tables of administrative divisions: codes as strings, each below one that is known, whatever the places are called."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.workbook.reading import opened
from domain.divisions import Division, Divisions, check_divisions, is_table_of_divisions
from domain.errors import Refused
from domain.workbook_cells import Cell
from tests.domain.books import ListSheet

INVENTED = Path(__file__).parents[2] / "server" / "demo" / "divisions.csv"
VILLAGES = ["code", "name", "streetCode", "provinceCode", "cityCode", "areaCode"]
STREETS = ["code", "name", "areaCode", "provinceCode", "cityCode"]


def village(code: str, name: str = "某村委会") -> list[Cell]:
    return [code, name, code[:9], code[:2], code[:4], code[:6]]


def judged(*lines: Sequence[Cell], known: frozenset[str] = frozenset(), within: str = "") -> Divisions:
    return check_divisions(ListSheet("villages", lines), known=known, within=within)


def test_the_invented_table_is_sound_and_its_codes_are_nobodys() -> None:
    with opened(INVENTED) as source:
        checked = check_divisions(source.sheets[0])
        rows = list(checked.rows or ())

    assert checked.faults == ()
    assert rows[0] == Division("99", "示例省", None)
    assert rows[-1] == Division("990101101205", "桑园湾村委会", "990101101")
    assert all(row.code.startswith("99") for row in rows)


@pytest.mark.parametrize("headers", [["code", "name"], ["code", "name", "provinceCode"], STREETS, VILLAGES, ["代码", "名称"]])
def test_the_tables_of_the_package_are_told_by_their_headers(headers: list[str]) -> None:
    assert is_table_of_divisions(headers)


@pytest.mark.parametrize("headers", [[], ["code"], ["编码", "名称"], ["code", "name", "price"]])
def test_other_tables_are_none_of_them(headers: list[str]) -> None:
    assert not is_table_of_divisions(headers)
    with pytest.raises(Refused) as refused:
        judged(list(headers))
    assert refused.value.refusal.message.key == "import.not_divisions"


def test_two_villages_may_have_one_name_but_not_one_code() -> None:
    assert judged(VILLAGES, village("990101101201"), village("990101101202")).faults == ()

    checked = judged(VILLAGES, village("990101101201"), [], village("990101101201"))
    assert [(fault.row, fault.column, fault.what.key) for fault in checked.faults] == [(4, "code", "import.second_division")]
    assert checked.rows is None


def test_a_village_lies_in_a_township_that_is_known() -> None:
    lines = (VILLAGES, village("990101101201"), village("990101102201"))

    assert judged(*lines, known=frozenset({"990101101", "990101102"})).faults == ()
    assert [fault.row for fault in judged(*lines, known=frozenset({"990101101"})).faults] == [3]
    elsewhere = [*village("990101101201")[:2], "990101102"]
    assert [fault.row for fault in judged(VILLAGES, elsewhere).faults] == [2]


@pytest.mark.parametrize(
    ("code", "key"),
    [("9901011012", "bad_code"), ("9.90101E+11", "became_number"), ("", "required"), ("=1", "formula"), ("99010110120x", "bad_code")],
)
def test_a_code_that_is_none_is_named(code: str, key: str) -> None:
    (fault,) = judged(VILLAGES, [code, "某村"]).faults

    assert (fault.row, fault.column, fault.what.key) == (2, "code", f"import.{key}")


def test_only_a_part_of_the_country_may_be_wanted() -> None:
    checked = judged(VILLAGES, village("990101101201"), ["nonsense", ""], village("980101101201"), within="990101")

    assert [row.code for row in checked.rows or ()] == ["990101101201"]


@given(st.lists(st.lists(st.one_of(st.text(max_size=14), st.floats(), st.none(), st.booleans()), max_size=7), max_size=6))
def test_a_table_of_anything_is_judged_and_not_stumbled_over(lines: list[list[Cell]]) -> None:
    judged(VILLAGES, *lines)
