"""The verb `items`: a catalogue from a file, checked whole, told before it is true, safe to repeat."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from domain.items import ServiceItem
from server.items import BadCatalogue, bring_items
from server.settings import Settings
from server.wiring import House, build_house
from tests.conftest import DATA_KEY, ROOT

Captured = pytest.CaptureFixture[str]

LAMP = """
[[item]]
code = "lamp"
name = "楼道灯报修"
line = "PUBLIC_FACILITY_SERVICE"
owner_rule = "RESIDENCE_GRID"
default_scope = "RESIDENCE"
deadline_class = "NORMAL"
"""


@pytest.fixture
async def empty(mongodb_uri: str) -> AsyncIterator[House]:
    settings = Settings(mongodb_uri=mongodb_uri, mongodb_database=f"items_{uuid4().hex[:12]}", data_key=DATA_KEY)
    house = build_house(settings)
    yield house
    await house.mongo.database.client.drop_database(settings.mongodb_database)
    await house.close()


async def kept(house: House) -> dict[str, ServiceItem]:
    """The catalogue as another process reads it."""
    reader = build_house(house.settings)
    try:
        return {item.code: item for item in (await reader.ports.catalogue.items()).values()}
    finally:
        await reader.close()


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / f"{uuid4().hex}.toml"
    path.write_text(text, "utf-8")
    return path


async def test_the_catalogue_to_begin_with_has_every_line_and_again_changes_nothing(empty: House, capsys: Captured) -> None:
    await bring_items(empty, None, print, check=False)
    first = await kept(empty)
    again = build_house(empty.settings)
    await bring_items(again, None, print, check=False)
    await again.close()

    assert len({item.line for item in first.values()}) == 5
    assert first["gas-smell"].number_to_dial == "119"
    assert first["land-certificate"].needs_paper
    assert first["stairwell-lamp"].is_shared
    assert not any(first[code].is_shared for code in ("pension-form", "house-leak", "haircut-at-home", "staff-conduct", "fetch-medicine"))
    assert await kept(empty) == first
    assert capsys.readouterr().out.splitlines()[-1] == f"0 were added, 0 were changed, {len(first)} stay"


async def test_a_changed_item_keeps_its_id_and_an_unnamed_one_stays(empty: House, tmp_path: Path, capsys: Captured) -> None:
    await bring_items(empty, written(tmp_path, LAMP + LAMP.replace('"lamp"', '"drain"')), print, check=False)
    before = await kept(empty)
    later = build_house(empty.settings)
    await bring_items(later, written(tmp_path, LAMP.replace("NORMAL", "UTILITY")), print, check=False)
    await later.close()

    after = await kept(empty)
    assert (after["lamp"].id, after["lamp"].version, after["lamp"].deadline_class.value) == (before["lamp"].id, 2, "UTILITY")
    assert after["drain"] == before["drain"]
    assert "= drain is not in the file, and stays" in capsys.readouterr().out


async def test_checking_says_what_it_would_change_and_writes_nothing(empty: House, tmp_path: Path, capsys: Captured) -> None:
    await bring_items(empty, written(tmp_path, LAMP), print, check=True)

    assert capsys.readouterr().out.splitlines() == ["+ lamp 楼道灯报修", "1 would be added, 0 would be changed, 0 stay"]
    assert await kept(empty) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LAMP.replace('code = "lamp"\n', ""), "item 1, code: a value"),
        (LAMP.replace("NORMAL", "SOON"), "item 1, deadline_class: one of DANGER"),
        (LAMP.replace("RESIDENCE_GRID", "PROFESSIONAL_BRANCH"), "item 1, skill: the skill"),
        (LAMP.replace("NORMAL", "DANGER"), "item 1, number_to_dial: the number"),
        (LAMP + 'needs_paper = "yes"\n', "item 1, needs_paper: true or false"),
        (LAMP + 'assist_rules = "HUB"\n', "item 1, assist_rules: a list"),
        (LAMP + 'assist_rules = ["HUB", "HUB"]\n', "item 1, assist_rules: a list"),
        (LAMP + 'assist_rules = ["NOBODY"]\n', "item 1, assist_rules: a list"),
        (LAMP + 'assist_rules = ["PROFESSIONAL_BRANCH"]\n', "item 1, skill: the skill"),
        (LAMP + "is_shared = true\nis_shielded = true\n", "item 1, is_shared: false"),
        (LAMP + "is_shared = true\nneeds_paper = true\n", "item 1, is_shared: false"),
        (LAMP + "colour = 1\n", "item 1, colour: one of"),
        (LAMP.replace("楼道灯报修", " "), "item 1, name: a text"),
        (LAMP + LAMP, "item 2, code: a code of its own; item 1 has it"),
        ("", "has no [[item]]"),
        ("item = [1]", "item 1, item: a table"),
        ("[[item", "cannot be read"),
    ],
)
async def test_a_fault_is_named_and_nothing_is_written(empty: House, tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadCatalogue) as bad:
        await bring_items(empty, written(tmp_path, text), print, check=False)

    assert told in str(bad.value)
    assert await kept(empty) == {}


async def test_further_owners_are_kept_and_may_go_again(empty: House, tmp_path: Path) -> None:
    with_help = LAMP + 'assist_rules = ["PROFESSIONAL_BRANCH", "HUB"]\nskill = "property"\n'
    await bring_items(empty, written(tmp_path, with_help), print, check=False)
    assert [rule.value for rule in (await kept(empty))["lamp"].assist_rules] == ["PROFESSIONAL_BRANCH", "HUB"]

    later = build_house(empty.settings)
    await bring_items(later, written(tmp_path, LAMP), print, check=False)
    await later.close()

    assert (await kept(empty))["lamp"].assist_rules == ()


def test_the_page_tells_every_key() -> None:
    page = (ROOT / "docs" / "deployment.md").read_text("utf-8")
    keys = ("code", "name", "line", "owner_rule", "default_scope", "deadline_class", "skill", "number_to_dial", "photo_reason")
    assert [key for key in (*keys, "is_shielded", "needs_paper", "assist_rules", "is_shared") if f"`{key}`" not in page] == []
