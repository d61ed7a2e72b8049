"""What persons ask about their own data: asked by themselves or with a helper beside them, answered by a privacy officer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.commands import Replayed
from domain.errors import RefusalCode, invalid, not_found, refused
from domain.ids import Kind
from domain.pages import Page, PageRequest
from domain.people import Person
from domain.ports import Ports
from domain.subject_requests import (
    Decision,
    SubjectRequest,
    SubjectRequestAct,
    SubjectRequestEntry,
    SubjectRequestKind,
    SubjectRequestState,
    answer_due,
    told_when_decided,
    told_when_made,
)
from domain.texts import optional_text, required_text
from resolvers.acting import Done, command_of, signed_in
from resolvers.principals import HELPERS


@dataclass(frozen=True, slots=True)
class RequestOwnData:
    command_id: UUID
    kind: SubjectRequestKind
    words: str | None = None
    on_behalf_of_id: str | None = None


@dataclass(frozen=True, slots=True)
class DecideSubjectRequest:
    command_id: UUID
    subject_request_id: str
    done: bool
    reason: str | None = None


async def request_own_data(sent: RequestOwnData, *, by: Actor, ports: Ports) -> Done[SubjectRequest]:
    """A subject request with its deadline; the township's privacy officers are told in the same transaction."""
    person, organisation = signed_in(by)
    words = optional_text(sent.words, "words")
    if words is None and sent.kind in {SubjectRequestKind.CORRECT, SubjectRequestKind.EXPLAIN}:
        raise invalid("refusal.text_empty", "words")
    subject = await _subject(sent, person, by, ports)
    at = ports.clock()
    limit = answer_due(await ports.calendars.current(), at)
    made = SubjectRequest(
        id=ports.ids.new(Kind.SUBJECT_REQUEST, subject.township, at),
        township=subject.township,
        person_id=subject.id,
        made_by_id=person.id,
        kind=sent.kind,
        words=words,
        state=SubjectRequestState.OPEN,
        made_at=at,
        due_at=limit.at,
        due_provisional=limit.is_provisional,
        entries=(SubjectRequestEntry(at, person.id, SubjectRequestAct.MADE),),
    )
    told = told_when_made(made, organisation, at.astimezone(SHANGHAI).date())
    acting_for = subject.id if subject.id != person.id else None
    command = command_of("requestOwnData", sent, person, at=at, acting_for_id=acting_for)
    kept = await ports.subject_requests.add(made, told, command=command)
    if isinstance(kept, Replayed):
        return await _replayed(kept, "commandId", by=by, ports=ports)
    return Done(kept)


async def decide_subject_request(sent: DecideSubjectRequest, *, by: Actor, ports: Ports) -> Done[SubjectRequest]:
    """Answered or refused, with a reason where it is refused or wants an explanation. To agree to a removal is to remove."""
    person, organisation = signed_in(by)
    reason = optional_text(sent.reason, "reason") if sent.done else required_text(sent.reason or "", "reason")
    at = ports.clock()

    def decide(found: SubjectRequest) -> Decision:
        decided = found.decide(by=by, at=at, done=sent.done, reason=reason)
        if sent.done and found.kind is SubjectRequestKind.EXPLAIN and reason is None:
            raise invalid("refusal.text_empty", "reason")
        erases = sent.done and found.kind is SubjectRequestKind.DELETE
        if erases and organisation.posts_of(found.person_id, at.astimezone(SHANGHAI).date()):
            raise refused(RefusalCode.WRONG_STATE, "refusal.erasure_post_held", "subjectRequestId", current=found)
        return Decision(replace(decided, words=None) if erases else decided, () if erases else told_when_decided(decided, at), erases)

    command = command_of("decideSubjectRequest", sent, person, at=at)
    kept = await ports.subject_requests.decide(sent.subject_request_id, decide, seen_by=by, command=command)
    if isinstance(kept, Replayed):
        return await _replayed(kept, "subjectRequestId", by=by, ports=ports)
    return Done(kept)


async def subject_requests_by_ids(ids: Sequence[str], *, by: Actor, ports: Ports) -> Sequence[SubjectRequest]:
    return await ports.subject_requests.by_ids(ids, seen_by=by)


async def subject_requests_page(state: SubjectRequestState | None, page: PageRequest, *, by: Actor, ports: Ports) -> Page[SubjectRequest]:
    return await ports.subject_requests.page(state, page, seen_by=by)


async def own_subject_requests(page: PageRequest, *, by: Actor, ports: Ports) -> Page[SubjectRequest]:
    return await ports.subject_requests.own(page, seen_by=by)


async def _subject(sent: RequestOwnData, person: Person, by: Actor, ports: Ports) -> Person:
    """Whose data it is about: one's own, or those of somebody who is there and whose home the helper may find."""
    if sent.on_behalf_of_id is None or sent.on_behalf_of_id == person.id:
        return person
    found = await ports.people.by_ids(person.township, [sent.on_behalf_of_id])
    home_id = found[0].household_id if found else None
    if home_id is None or not await ports.households.by_ids([home_id], seen_by=by):
        raise not_found("onBehalfOfId")
    if not HELPERS & set(by.roles):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "onBehalfOfId")
    return found[0]


async def _replayed(kept: Replayed, field: str, *, by: Actor, ports: Ports) -> Done[SubjectRequest]:
    """Under today's rights, as it is now."""
    found = await subject_requests_by_ids([kept.subject_id], by=by, ports=ports)
    if not found:
        raise not_found(field)
    return Done(found[0], is_replay=True)
