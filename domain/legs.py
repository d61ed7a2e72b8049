"""The two clocks: the promise to the resident, which never restarts, and each handler's own leg."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from domain.calendar import SHANGHAI, WorkingCalendar
from domain.deadlines import (
    POLICIES,
    DeadlineClass,
    Due,
    Limit,
    LimitUnit,
    add_office_time,
    due,
    halfway,
    office_time_between,
)

RETURN_WINDOW = Limit(2, LimitUnit.WORKING_DAY)
"""How long a task may be sent back as not mine: Shandong hotline rules 2020, two working days."""

TAKEN_IN_WITHIN = Limit(4, LimitUnit.OFFICE_HOUR)
"""Until when somebody takes in what nobody signs for: as for anything ordinary."""

INSTANT = timedelta(milliseconds=1)
"""What is done at its due time is done in time."""


BAD_REVIEW_CONTACT = Limit(1, LimitUnit.WORKING_DAY)
BAD_REVIEW_REPLY = Limit(15, LimitUnit.WORKING_DAY)
"""After one of the two lowest grades: contacted within a day, put right within fifteen (好差评, domain.md 6)."""


@dataclass(frozen=True, slots=True)
class Windows:
    """What a person who was just assigned must do by when; nothing where the class has no such limit."""

    acknowledge_by: datetime | None
    remind_at: datetime | None
    contact_by: datetime | None
    return_by: datetime


def promise(calendar: WorkingCalendar, deadline_class: DeadlineClass, received_at: datetime) -> Due | None:
    """When the resident may expect an answer; nothing for an appointment, whose slot is its time."""
    limit = POLICIES[deadline_class].reply
    return due(calendar, received_at, limit) if limit else None


def put_right(calendar: WorkingCalendar, deadline_class: DeadlineClass, reviewed_at: datetime) -> Due:
    """When a bad review is to be put right. What is counted in clock hours is urgent, and keeps its own limit."""
    reply = POLICIES[deadline_class].reply
    is_urgent = reply is not None and reply.unit is LimitUnit.URGENT_HOUR
    return due(calendar, reviewed_at, reply if reply and is_urgent else BAD_REVIEW_REPLY)


def windows(calendar: WorkingCalendar, deadline_class: DeadlineClass, assigned_at: datetime) -> Windows:
    policy = POLICIES[deadline_class]
    return Windows(
        acknowledge_by=due(calendar, assigned_at, policy.sign).at if policy.sign else None,
        remind_at=halfway(calendar, assigned_at, policy.sign) if policy.sign else None,
        contact_by=due(calendar, assigned_at, policy.contact).at if policy.contact else None,
        return_by=due(calendar, assigned_at, RETURN_WINDOW).at,
    )


def acceptance(calendar: WorkingCalendar, deadline_class: DeadlineClass, received_at: datetime) -> tuple[datetime, datetime]:
    """When those who may take a request in are reminded, and by when it is to be taken in: the class's limit to sign, or NORMAL's."""
    limit = POLICIES[deadline_class].sign or TAKEN_IN_WITHIN
    return halfway(calendar, received_at, limit), due(calendar, received_at, limit).at


def resumed(calendar: WorkingCalendar, due: Due, paused_at: datetime, resumed_at: datetime) -> Due:
    """When it is due after a pause: what was left when it paused is left when it goes on, to the second."""
    if due.by_the_clock or due.at <= paused_at:
        at = due.at + (resumed_at - paused_at)
    else:
        at = add_office_time(calendar, resumed_at, office_time_between(calendar, paused_at, due.at))
    return replace(due, at=at, is_provisional=not due.by_the_clock and calendar.is_provisional(at.astimezone(SHANGHAI).date()))


def yellow_at(calendar: WorkingCalendar, due_at: datetime) -> datetime:
    """One working day before the due time, at the same time of day: when it is said that time runs out."""
    here = due_at.astimezone(SHANGHAI)
    return datetime.combine(calendar.working_day_before(here.date()), here.timetz()).astimezone(UTC)


def red_at(calendar: WorkingCalendar, due_at: datetime, *, by_the_clock: bool) -> datetime:
    """When it is said that it was missed: as the office opens on the first working day after; at once where the limit runs by the clock."""
    if by_the_clock:
        return due_at + INSTANT
    opens, _closes = next(calendar.office.on(calendar.working_day_after(due_at.astimezone(SHANGHAI).date())))
    return opens.astimezone(UTC)


def later(calendar: WorkingCalendar, due_at: datetime, working_days: int) -> Due:
    """That many working days after it was due: the day when it was due is day 0, whatever the class counts in."""
    return due(calendar, due_at, Limit(working_days, LimitUnit.WORKING_DAY))
