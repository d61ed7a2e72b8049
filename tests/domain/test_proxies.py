"""Whether a grant holds and what it covers, for whatever dates and items there are; and slips that fit the paper."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.access import Door, actor_of, key
from domain.calendar import SHANGHAI
from domain.errors import RefusalCode
from domain.items import ServiceItem
from domain.proxies import (
    LATEST_START,
    MAX_PRINCIPALS,
    ProxyEvidence,
    ProxyGrant,
    a_year_after,
    check_evidence,
    check_period,
    check_room,
    covering,
)
from domain.slips import COLUMNS, columns_of, slip
from server.demo.catalogue import catalogue
from tests.domain.cast import actor, id_of, refusal_of

ITEMS = catalogue()
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))
MOMENTS = st.builds(lambda hours: NOW + timedelta(hours=hours), st.integers(-8_000, 18_000))


def grant_of(**changes: object) -> ProxyGrant:
    given_: dict[str, object] = {
        "id": "proxy_990101101_" + "1" * 32,
        "township": "990101101",
        "principal_id": id_of("resident-1"),
        "agent_id": id_of("resident-2"),
        "item_ids": (),
        "since": date(2026, 11, 23),
        "until": date(2027, 11, 23),
        "evidence": ProxyEvidence.OWN_SIGN_IN,
        "recorded_by_id": id_of("resident-1"),
        "recorded_at": NOW,
        **changes,
    }
    return ProxyGrant(**given_)  # type: ignore[arg-type]  # given by name


def grants(items: tuple[ServiceItem, ...] = ITEMS) -> st.SearchStrategy[ProxyGrant]:
    return st.builds(
        lambda since, length, ids, evidence, revoked: grant_of(
            since=since, until=since + timedelta(days=length), item_ids=tuple(ids), evidence=evidence, revoked_at=NOW if revoked else None
        ),
        DAYS,
        st.integers(1, 366),
        st.lists(st.sampled_from([item.id for item in items]), unique=True),
        st.sampled_from(ProxyEvidence),
        st.booleans(),
    )


@given(grants(), DAYS)
def test_a_grant_holds_from_its_first_day_until_the_day_that_ends_it_unless_it_was_revoked(grant: ProxyGrant, on: date) -> None:
    assert grant.is_live(on) == (grant.since <= on < grant.until and grant.revoked_at is None)
    assert not (grant.is_live(on) and grant.is_ended(on))
    assert not grant.revoke(at=NOW).is_live(on)
    assert grant.revoke(at=NOW).is_ended(on)
    assert grant.revoke(at=NOW).revoke(at=NOW + timedelta(days=1)) == grant.revoke(at=NOW)


@given(grants(), st.sampled_from(ITEMS))
def test_money_and_rights_are_covered_by_name_and_on_paper_only(grant: ProxyGrant, item: ServiceItem) -> None:
    if item.needs_paper:
        assert grant.covers(item) == (item.id in grant.item_ids and grant.evidence is ProxyEvidence.SIGNED_PAPER)
    else:
        assert grant.covers(item) == (not grant.item_ids or item.id in grant.item_ids)


@given(st.lists(grants(), max_size=5), st.sampled_from(ITEMS), DAYS)
def test_a_grant_is_found_only_where_it_is_live_covers_and_is_the_principals(given_: list[ProxyGrant], item: ServiceItem, on: date) -> None:
    found = covering(given_, id_of("resident-1"), item, on)

    assert (found is not None) == any(grant.is_live(on) and grant.covers(item) for grant in given_)
    assert covering(given_, id_of("resident-3"), item, on) is None


@given(grants(), MOMENTS)
def test_the_agent_holds_a_grants_key_while_it_is_live_and_nobody_else_does(grant: ProxyGrant, at: datetime) -> None:
    for handle in ("resident-1", "resident-2", "grid-worker-1"):
        known = actor(handle)
        assert known.person is not None
        assert known.organisation is not None
        holder = actor_of(known.person, known.organisation, at=at, grants=[grant])
        holds = handle == "resident-2" and grant.is_live(at.astimezone(SHANGHAI).date())
        assert (key(Door.GRANT, grant.id) in holder.keys) == holds
        assert holder.grants == ((grant,) if holds else ())


@given(DAYS, DAYS, DAYS)
def test_a_period_that_is_taken_is_a_year_at_most_and_not_over(since: date, until: date, on: date) -> None:
    code = refusal_of(lambda: check_period(since, until, on=on))

    is_sound = since < until <= a_year_after(since) and until > on and since <= on + LATEST_START
    assert code is (None if is_sound else RefusalCode.INVALID_INPUT)


def test_a_year_after_a_leap_day_is_the_first_of_march() -> None:
    assert a_year_after(date(2028, 2, 29)) == date(2029, 3, 1)
    assert a_year_after(date(2026, 11, 23)) == date(2027, 11, 23)


def test_a_start_at_the_end_of_time_is_refused_like_any_other() -> None:
    assert refusal_of(lambda: check_period(date.max, date.max, on=date(2026, 11, 23))) is RefusalCode.INVALID_INPUT


@given(st.sampled_from([*ProxyEvidence, None]), st.lists(st.sampled_from(ITEMS)), st.booleans())
def test_evidence_fits_who_records_it(evidence: ProxyEvidence | None, items: list[ServiceItem], is_own: bool) -> None:
    fits = evidence in {None, ProxyEvidence.OWN_SIGN_IN} if is_own else evidence not in {None, ProxyEvidence.OWN_SIGN_IN}
    is_paper_there = evidence is ProxyEvidence.SIGNED_PAPER or not any(item.needs_paper for item in items)

    code = refusal_of(lambda: check_evidence(evidence, items, is_own=is_own))

    assert code is (None if fits and is_paper_there else RefusalCode.INVALID_INPUT)
    if code is None:
        assert check_evidence(evidence, items, is_own=is_own) is (evidence or ProxyEvidence.OWN_SIGN_IN)


@given(st.integers(0, MAX_PRINCIPALS + 5), st.integers(0, MAX_PRINCIPALS + 5))
def test_there_is_room_for_twenty_on_either_side(taken: int, given_count: int) -> None:
    others = [grant_of(principal_id=f"principal-{number}") for number in range(taken)]
    others += [grant_of(agent_id=f"agent-{number}") for number in range(given_count)]

    code = refusal_of(lambda: check_room(id_of("resident-1"), id_of("resident-2"), others))

    assert code is (RefusalCode.LIMIT_REACHED if max(taken, given_count) >= MAX_PRINCIPALS else None)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"])), max_size=6))
def test_no_line_of_a_slip_is_wider_than_the_paper_and_no_word_is_lost(lines: list[str]) -> None:
    printed = slip(lines)

    assert all(columns_of(line) <= COLUMNS for line in printed.split("\n"))
    assert "".join(printed.split()) == "".join("".join(lines).split())
