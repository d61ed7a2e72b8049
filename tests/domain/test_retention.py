"""How long things are kept: the table is the one that is written down, and every collection with persons in it has a row or a reason."""

from datetime import timedelta
from pathlib import Path

import pytest

from adapters.mongo.collections import COLLECTIONS
from domain.erasure import NO_HOLD, Hold, put_off_by
from domain.retention import BY_THE_DATABASE, POLICIES, Basis, Policy
from tests.domain.cast import MONDAY
from tests.domain.documents import table

PRIVACY = Path(__file__).parents[2] / "docs" / "privacy.md"
BY_COLLECTION = {collection.name: collection for collection in COLLECTIONS}


def test_the_table_of_the_document_is_the_table_of_the_law() -> None:
    head = ("Collection", "中文", "Days", "After", "Removed")
    rows = [(f"`{p.collection}`", p.chinese, str(p.days), p.basis.value, p.removal.value) for p in POLICIES]

    assert "\n".join(table(head, rows)).replace("| --- |", "|---|").replace(" --- |", "---|") in PRIVACY.read_text("utf-8")


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.collection)
def test_what_is_removed_is_found_by_an_index(policy: Policy) -> None:
    assert policy.collection in BY_COLLECTION
    name = {Basis.OWN_MOMENT: policy.collection, Basis.REQUEST_OVER: "requests"}.get(policy.basis)
    if name is not None:
        [index] = [index for index in BY_COLLECTION[name].indexes if index.name == "retention"]
        assert [key for key, _ in index.keys] == ["township", policy.moment, "_id"]


def test_what_the_database_forgets_has_an_index_that_does() -> None:
    for name in BY_THE_DATABASE:
        assert any("expireAfterSeconds" in index.options for index in BY_COLLECTION[name].indexes)


def test_the_cutoff_is_so_many_days_ago() -> None:
    assert [MONDAY - policy.cutoff(MONDAY) for policy in POLICIES] == [timedelta(days=policy.days) for policy in POLICIES]


@pytest.mark.parametrize(
    ("holds", "reason"),
    [
        ([], None),
        ([NO_HOLD], None),
        ([Hold(is_flagged=True), Hold(has_open_task=True)], "task_open"),
        ([Hold(is_flagged=True), Hold(has_open_subject_request=True)], "subject_request_open"),
        ([NO_HOLD, Hold(is_flagged=True)], "held"),
    ],
)
def test_the_first_reason_is_told_and_nothing_is_no_reason(holds: list[Hold], reason: str | None) -> None:
    assert put_off_by(holds) == reason
    assert bool(reason) == any(holds)
