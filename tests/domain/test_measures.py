"""The formulas of domain.md, section 9: known figures come out of them, nothing is divided by nothing, and small groups are not told."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.access import Actor, actor_of
from domain.ids import Kind, compose
from domain.measures import SMALLEST_GROUP, Linked, Measure, Period, Sums, measure, measures_of, units_told
from domain.organisation import Organisation, OrgUnitKind
from domain.privacy_measures import Answered, PrivacyMeasure, answered_told, privacy_measure, privacy_units_told
from domain.tallies import periods
from domain.village_measures import VillageMeasure
from tests.domain.cast import MONDAY, actor, everybody, given_to, planned, town

DECEMBER = Period(date(2016, 12, 1), date(2016, 12, 31), date(2017, 1, 10))


def told(counts: Mapping[str, int], *, is_inside: bool = True) -> Measure:
    return measure("990101101", Sums("unit", {"2016-12": counts}), DECEMBER, is_inside=is_inside)


def hours(told: float | None) -> float:
    assert told is not None
    return round(told, 4)


def test_the_figures_of_tianmen_come_out() -> None:
    """Tianmen, December 2016: 1,054 taken in, 996 filed, 972 due, 911 closed, 737 on time; the 58 that were not filed are left out."""
    whole = told({"requests": 1_054 - 58, "due": 972, "completed": 911, "on_time": 737})
    events, parts = told({"due": 956, "completed": 902}), told({"due": 16, "completed": 9})

    assert (whole.requests, whole.due) == (996, 972)
    for rate, percent in (
        (whole.completion_rate, 93.72),
        (whole.on_time_rate, 75.82),
        (events.completion_rate, 94.35),
        (parts.completion_rate, 56.25),
    ):
        assert rate is not None
        assert round(rate * 100, 2) == percent


def test_what_is_held_over_its_due_time_is_judged_neither_way() -> None:
    assert told({"due": 10, "held": 2, "on_time": 6}).on_time_rate == 0.75


def test_every_rate_is_one_count_over_another() -> None:
    measured = told(
        {
            "to_sign": 8,
            "signed": 6,
            "to_contact": 10,
            "contacted": 5,
            "answered": 10,
            "solved": 6,
            "satisfied": 7,
            "own_answered": 6,
            "own_solved": 5,
            "closed": 20,
            "closed_extended": 3,
            "closed_answered": 9,
            "closed_reworked": 2,
            "dispatched": 40,
            "returned": 4,
            "returns_refused": 3,
            "tasks": 50,
            "proactive": 5,
            "requests": 45,
            "proxy": 9,
            "assisted": 18,
            "repeats": 9,
            "due": 1,
            "seconds_used": 30,
            "seconds_promised": 120,
            "called_out": 4,
            "reported_in": 3,
        }
    )

    assert (measured.acknowledged_on_time_rate, measured.contact_rate) == (0.75, 0.5)
    assert (measured.resolved_rate, measured.own_resolved_rate, measured.helped_resolved_rate) == (0.6, 5 / 6, 0.25)
    assert (measured.satisfied_rate, measured.answer_coverage, measured.rework_rate) == (0.7, 0.45, 0.1)
    assert (measured.extension_rate, measured.callout_on_time_rate) == (0.15, 0.75)
    assert (measured.return_rate, measured.wrong_return_rate, measured.proactive_share) == (0.1, 0.75, 0.1)
    assert (measured.proxy_share, measured.assisted_share, measured.leg_share) == (0.2, 0.4, 0.25)
    assert measured.repeat_rate == 0.2


def test_punctuality_is_told_with_and_without_what_was_granted() -> None:
    measured = told({"due": 10, "held": 2, "on_time": 6, "on_time_at_first": 4})

    assert (measured.on_time_rate, measured.on_time_rate_at_first) == (0.75, 0.5)


def test_the_long_ledger_is_told_with_its_age() -> None:
    ledger = Sums("unit", deferred=[timedelta(days=number) for number in range(1, 10)])

    assert [measure("990101101", ledger, DECEMBER, is_inside=inside).deferred_stock for inside in (True, False)] == [9, None]
    assert measure("990101101", ledger, DECEMBER, is_inside=True).p90_days_deferred == 9
    assert (told({}).deferred_stock, told({}).p90_days_deferred) == (0, None)


def test_nothing_is_divided_by_nothing() -> None:
    measured = told({})

    assert (measured.requests, measured.due) == (0, 0)
    assert {getattr(measured, name.name) for name in fields(measured) if name.type == float | None} == {None}


def test_times_are_read_from_bins() -> None:
    measured = told({"close:48": 5, "close:56": 4, "close:80": 1, "contact_office:48": 9, "contact_office:56": 1})

    assert (hours(measured.median_hours_to_close), hours(measured.p90_hours_to_close)) == (round(64 / 60, 4), round(128 / 60, 4))
    assert measured.median_hours_to_contact is None
    contact = measured.median_office_hours_to_contact, measured.p90_office_hours_to_contact
    assert list(map(hours, contact)) == [round(64 / 60, 4)] * 2
    assert told({"contact_office:48": 9}, is_inside=False).median_office_hours_to_contact is None, "nine are a small group"


def test_what_is_judged_waits_for_its_day_to_be_over() -> None:
    counts = {"2026-11-22": {"requests": 1, "due": 1}, "2026-11-23": {"requests": 2, "due": 2}, "2026-11-24": {"requests": 4, "due": 4}}
    period = Period(date(2026, 11, 22), date(2026, 11, 24), date(2026, 11, 23))
    measured = measure("990101101", Sums("unit", counts), period, is_inside=True)

    assert (measured.requests, measured.due) == (7, 1)


@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.integers(-1, 800))
def test_a_period_is_read_as_each_of_its_days_once(first: date, days: int) -> None:
    last = date.fromordinal(first.toordinal() + days)
    found = periods(first, last)

    covered = [
        day
        for day in map(date.fromordinal, range(first.toordinal() - 40, last.toordinal() + 41))
        for period in found
        if str(day).startswith(period)
    ]
    assert covered == [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]
    assert len(found) <= days / 28 + 62
    assert all(earlier < later for earlier, later in pairwise(sorted(found)))


# --- Small groups, outside the unit.


WHOLE = Period(date(2026, 9, 1), date(2026, 10, 31), date(2026, 11, 23))


def outsider() -> Actor:
    """Leads an overlay that covers the settlement's organisation, and nothing else."""
    root, settlement = planned().parts.units[:2]
    overlay = replace(
        root, id=compose(Kind.UNIT, root.township, UUID(int=7)), code=f"{root.township}95", kind=OrgUnitKind.AREA_COMMITTEE,
        parent_id=root.id, covers=(settlement.id,),
    )  # fmt: skip
    secretary = everybody()["secretary-2"]
    posts = [replace(post, unit_id=overlay.id) if post.person_id == secretary.id else post for post in planned().parts.appointments]
    parts = replace(planned().parts, units=(*planned().parts.units, overlay), appointments=tuple(posts))
    return actor_of(secretary, Organisation(planned().township_code, "", parts), at=MONDAY)


def shown(reader: Actor, *requests: Mapping[str, int], period: Period = WHOLE) -> list[int]:
    """The requests of the settlement's organisation and of those below it, as the reader is told of them; `requests` by month."""
    settlement = planned().parts.units[1]
    units = [settlement, *town().children(settlement.id)]
    sums = [
        Sums(unit.id, {month: {"requests": n, "due": n} for month, n in each.items()}) for unit, each in zip(units, requests, strict=False)
    ]
    return [measured.requests for measured in measures_of(reader, sums[0], sums[1:], period)]


def both(number: int) -> dict[str, int]:
    return {"2026-09": number, "2026-10": number}


def test_outside_the_unit_small_groups_are_not_told() -> None:
    assert shown(outsider(), both(50), both(25), both(25)) == [100, 50, 50]
    assert shown(outsider(), both(9), both(9)) == []
    assert shown(actor("secretary-1"), both(9), both(9), both(0)) == [18, 18, 0], "inside it they are"


def test_a_small_group_cannot_be_worked_out_from_the_whole() -> None:
    assert shown(outsider(), both(64), both(40), both(20), both(4)) == [128, 80], "the next smallest goes with it"
    assert shown(outsider(), both(60), both(40), both(20)) == [120, 80, 40]
    assert shown(outsider(), both(44), both(40)) == [88], "what the whole has of its own is a group as well"


def test_a_small_group_cannot_be_worked_out_from_two_periods() -> None:
    assert shown(outsider(), {"2026-09": 40, "2026-10": 9}) == [], "October alone would not be told"
    for first, last in ((date(2026, 9, 1), date(2026, 10, 30)), (date(2026, 11, 1), date(2026, 11, 30))):
        assert shown(outsider(), {"2026-09": 50, "2026-10": 50, "2026-11": 50}, period=Period(first, last, WHOLE.today)) == []


def test_outside_the_unit_no_rate_is_of_a_small_group() -> None:
    counts = {
        "due": 40,
        "on_time": 20,
        "answered": SMALLEST_GROUP - 1,
        "solved": 3,
        "closed": SMALLEST_GROUP,
        "closed_answered": 9,
        "close:8": 9,
    }
    outside, inside = told(counts, is_inside=False), told(counts)

    assert (outside.on_time_rate, outside.resolved_rate, outside.answer_coverage, outside.median_hours_to_close) == (0.5, None, 0.9, None)
    assert (inside.resolved_rate, hours(inside.median_hours_to_close)) == (3 / 9, round(2 / 60, 4))


# --- Links.


def test_links_are_told_of_homes_and_of_no_small_group_outside() -> None:
    homes = Linked(40, 30)

    def coverage(homes: Linked, *, is_inside: bool) -> float | None:
        return measure("990101101", Sums("unit", homes=homes), DECEMBER, is_inside=is_inside).link_coverage

    assert [coverage(homes, is_inside=inside) for inside in (True, False)] == [0.75, 0.75]
    assert [coverage(Linked(9, 9), is_inside=inside) for inside in (True, False)] == [1.0, None]
    assert coverage(Linked(), is_inside=True) is None


def test_homes_of_a_small_grid_cannot_be_worked_out_from_the_whole() -> None:
    settlement = planned().parts.units[1]
    children = town().children(settlement.id)[:3]
    months = {month: {"requests": 90, "due": 90} for month in both(90)}
    below = {month: {"requests": 30, "due": 30} for month in both(30)}
    asked = Sums(settlement.id, months, homes=Linked(69, 60))
    each = [Sums(unit.id, below, homes=Linked(homes, 20)) for unit, homes in zip(children, (40, 20, 9), strict=True)]

    told = [found.link_coverage for found in measures_of(outsider(), asked, each, WHOLE)]
    assert told == [60 / 69, 0.5, None, None], "the nine are not told, and so neither are the next smallest"
    told = [found.link_coverage for found in measures_of(actor("secretary-1"), asked, each, WHOLE)]
    assert told == [60 / 69, 0.5, 1.0, 20 / 9]


def test_no_other_period_tells_the_links_that_were_held_back() -> None:
    settlement = planned().parts.units[1]
    children = town().children(settlement.id)[:3]
    asked = Sums(settlement.id, {month: {"requests": 90, "due": 90} for month in both(90)}, homes=Linked(69, 60))

    def told(*requests: int) -> list[float | None]:
        """Of a period in which so many came to each grid."""
        homes = zip(children, requests, (40, 20, 9), strict=True)
        each = [Sums(unit.id, {m: {"requests": n, "due": n} for m in both(n)}, homes=Linked(home, 20)) for unit, n, home in homes]
        return [found.link_coverage for found in measures_of(outsider(), asked, each, WHOLE)]

    assert told(30, 30, 30) == [60 / 69, 0.5, None, None]
    assert told(0, 30, 30) == [60 / 69, None, None], "the twenty are not told where the forty had no requests"
    assert told(30, 0, 30) == [60 / 69, 0.5, None]


# --- Privacy.


def test_looks_are_told_for_each_task_and_what_persons_asked_of_the_township() -> None:
    counts = {"reveals": 6, "reveals_unused": 2, "tasks": 15, "proactive": 3}
    found = privacy_measure("990101101", Sums("unit", {"2016-12": counts}), DECEMBER, Answered(8, 6))

    assert (found.reveals, found.reveals_per_task, found.reveals_without_contact_share) == (6, 0.5, 2 / 6)
    assert (found.subject_requests_due, found.subject_requests_on_time_rate) == (8, 0.75)
    nothing = privacy_measure("990101101", Sums("unit"), DECEMBER, Answered())
    assert (nothing.reveals, nothing.reveals_per_task, nothing.reveals_without_contact_share) == (0, None, None)
    assert (nothing.subject_requests_due, nothing.subject_requests_on_time_rate) == (0, None)
    of_branch = privacy_measure("990101101", Sums("unit", {"2016-12": counts}), DECEMBER)
    assert (of_branch.subject_requests_due, of_branch.subject_requests_on_time_rate) == (None, None)


def test_whoever_does_not_answer_persons_is_told_of_months_of_ten_each() -> None:
    assert answered_told([Answered(10, 9), Answered(12, 12)]) == Answered(22, 21)
    assert answered_told([Answered(10, 9), Answered(9, 9)]) is None, "two periods would tell of the nine"
    assert answered_told([]) is None, "nor of days"


def test_figures_of_privacy_are_for_who_leads_the_unit_and_the_privacy_officer() -> None:
    root, settlement = planned().parts.units[:2]
    branch = given_to("grid-worker-1").unit.id

    for handle, unit_id in (
        ("privacy-officer-1", root.id),
        ("privacy-officer-1", branch),
        ("dispatcher-1", root.id),
        ("grid-leader-1", branch),
    ):
        assert privacy_units_told(actor(handle), unit_id) == [unit_id, *(child.id for child in town().children(unit_id))]
    for handle, unit_id in (
        ("grid-leader-2", branch), ("grid-leader-1", settlement.id), ("grid-worker-1", branch), ("resident-1", branch),
        ("administrator-1", root.id), ("nobody", root.id), ("privacy-officer-1", "unit"),
    ):  # fmt: skip
        assert privacy_units_told(actor(handle), unit_id) == []
    assert privacy_units_told(outsider(), settlement.id) == [], "an overlay is told nothing of it"
    assert units_told(actor("privacy-officer-1"), root.id) == [], "and of the work that officer is told nothing"


def test_no_figure_is_of_a_person() -> None:
    shown = [name.name for name in (*fields(Measure), *fields(VillageMeasure), *fields(PrivacyMeasure))]
    assert not [name for name in shown if "person" in name or "worker" in name or "assignee" in name]
    assert measures_of(actor("nobody"), Sums("unit"), [], WHOLE) == []
