"""Everything that a client can ask for, and how each is asked about one matter: the columns of `docs/access-matrix.md`.

The schema is walked, and whatever is not in one of these tables fails `tests/journeys/test_matrix.py` by its name. To add a field:

- one that leads to another thing, counts, or is personal: one line in `ASKED`, `"Type.field": "what to ask of it"`. It is asked of
  the thing in `OF` for its type; a field of `Query` stands for itself. `$names` are ids of the matter (`tests/matrix/matters.py`);
- one that comes with its thing, and tells no more than that it is there: one word in `PLAIN`;
- a mutation, or an id in an input: one line in `DEEDS` (`tests/matrix/deeds.py`);
- the same field asked of another thing: a line with a colon and a word, `"Query.node: its host"`;
- then `python -m tests.matrix`, and read what changed in the page.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql import GraphQLObjectType, build_schema

from schema.printed import printed

_BY_VILLAGE = 'measuresByOriginVillage(unitId: $settlement, from: "2026-10-01", to: "2026-10-31")'

OF: Mapping[str, str] = {
    "Query": "%s",
    "Viewer": "viewer { %s }",
    "Task": "node(id: $task) { ... on Task { %s } }",
    "Request": "node(id: $request) { ... on Request { %s } }",
    "Event": "node(id: $request) { ... on Request { history { edges { node { %s } } } } }",
    "Notice": "node(id: $notice) { ... on Notice { %s } }",
    "Household": "node(id: $home) { ... on Household { %s } }",
    "HouseholdLink": "node(id: $home) { ... on Household { link { %s } } }",
    "Person": "node(id: $resident) { ... on Person { %s } }",
    "OrgUnit": "node(id: $unit) { ... on OrgUnit { %s } }",
    "Appointment": "node(id: $unit) { ... on OrgUnit { appointments { %s } } }",
    "Grid": "node(id: $grid) { ... on Grid { %s } }",
    "MicroGrid": "node(id: $micro) { ... on MicroGrid { %s } }",
    "HubHousehold": "node(id: $hub) { ... on HubHousehold { %s } }",
    "Service": "whoServes(itemId: $item, householdId: $home) { %s }",
    "Measure": 'measures(unitId: $unit, from: "2026-11-01", to: "2026-11-30") { %s }',
    "PrivacyMeasure": 'privacyMeasures(unitId: $unit, from: "2026-11-01", to: "2026-11-30") { %s }',
    "VillageMeasure": f"{_BY_VILLAGE} {{ %s }}",
    "ChangeBatch": "changes { %s }",
    "MaskedContact": "node(id: $request) { ... on Request { contact { %s } } }",
    "Contact": "viewer { contact { %s } }",
    "Absence": "node(id: $unit) { ... on OrgUnit { absences { %s } } }",
    "Duty": "node(id: $unit) { ... on OrgUnit { duties { %s } } }",
    "OrganisationChange": "organisationHistory(first: 100) { edges { node { %s } } }",
    "ClosePreview": "closePreview(unitId: $unit) { ... on ClosePreview { %s } }",
    "ProxyGrant": "node(id: $grant) { ... on ProxyGrant { %s } }",
    "SubjectRequest": "node(id: $subject_request) { ... on SubjectRequest { %s } }",
    "SubjectRequestEntry": "node(id: $subject_request) { ... on SubjectRequest { entries { %s } } }",
    "ContactReading": "readLog { edges { node { %s } } }",
    "Board": "board(unitId: $unit) { %s }",
    "Workload": "workload(unitId: $unit) { %s }",
}
"""How a thing of each type is come by."""

_ID, _ROWS = "{ id }", "{ edges { node { id } } }"

ASKED: Mapping[str, str] = {
    # The matter itself, by every way there is to it.
    "Query.node": f"node(id: $task) {_ID}",
    "Query.node: the phone": f"node(id: $device) {_ID}",
    "Query.nodes": f"nodes(ids: [$request, $task]) {_ID}",
    "Query.request": f"request(number: $number) {_ID}",
    "Query.requests": f"requests(first: 100) {_ROWS}",
    "Query.tasks": f"tasks(first: 100) {_ROWS}",
    "Query.changes": f"changes {{ changed {_ID} }}",
    "ChangeBatch.changed": f"changed {_ID}",
    "Task.request": f"request {_ID}",
    "Task.parent": f"assists {{ parent {_ID} }}",
    "Task.assists": f"assists {_ID}",
    "Task.assignee": f"assignee {_ID}",
    "Task.owner": f"owner {_ID}",
    "Task.proposedOwner": f"proposedOwner {_ID}",
    "Task.grid": f"grid {_ID}",
    "Task.history": "history { edges { node { kind } } }",
    "Request.text": "text",
    "Request.slip": "slip",
    "Request.confirmationCode": "confirmationCode",
    "Request.address": "address",
    "Request.location": "location { lat }",
    "Request.item": f"item {_ID}",
    "Request.household": f"household {_ID}",
    "Request.submittedBy": f"submittedBy {_ID}",
    "Request.onBehalfOf": f"onBehalfOf {_ID}",
    "Request.tasks": f"tasks {_ID}",
    "Request.history": "history { edges { node { kind } } }",
    "Event.actor": f"actor {_ID}",
    "Event.actingFor": f"actingFor {_ID}",
    "Event.reason": "reason",
    # One's own.
    "Query.whoAreYou": f"whoAreYou {_ID}",
    "Viewer.person": f"person {_ID}",
    "Viewer.appointments": f"appointments {{ person {_ID} }}",
    "Viewer.household": f"household {_ID}",
    "Viewer.tasks": f"tasks(first: 100) {_ROWS}",
    "Viewer.requests": f"requests(first: 100) {_ROWS}",
    "Viewer.notices": f"notices(first: 100) {_ROWS}",
    "Notice.title": "title",
    "Notice.body": "body",
    "Notice.about": f"about {_ID}",
    # Where they can be reached, and who looked.
    "Request.contact": "contact { phone }",
    "MaskedContact.phone": "phone",
    "Viewer.contact": "contact { phone }",
    "Contact.phone": "phone",
    "Contact.addressDetail": "addressDetail",
    "Viewer.contactReads": "contactReads { edges { node { taskId } } }",
    "Query.readLog": "readLog { edges { node { taskId } } }",
    "ContactReading.reader": f"reader {_ID}",
    # What the person asked about their own data, and whom they let act.
    "Viewer.subjectRequests": f"subjectRequests {_ROWS}",
    "Query.subjectRequests": f"subjectRequests {_ROWS}",
    "Query.ownData": "ownData(subjectRequestId: $subject_request) { text }",
    "SubjectRequest.person": f"person {_ID}",
    "SubjectRequest.madeBy": f"madeBy {_ID}",
    "SubjectRequest.words": "words",
    "SubjectRequest.entries": "entries { act }",
    "SubjectRequestEntry.by": f"by {_ID}",
    "Viewer.proxyGrants": f"proxyGrants {_ID}",
    "ProxyGrant.principal": f"principal {_ID}",
    "ProxyGrant.agent": f"agent {_ID}",
    "ProxyGrant.items": f"items {_ID}",
    "ProxyGrant.recordedBy": f"recordedBy {_ID}",
    # The home, who lives there, and who looks after it.
    "Household.address": "address",
    "Household.label": "label",
    "Household.reach": "reach",
    "Household.residenceGrid": f"residenceGrid {_ID}",
    "Household.originVillage": f"originVillage {_ID}",
    "Household.link": f"link {{ member {_ID} }}",
    "HouseholdLink.member": f"member {_ID}",
    "Person.displayName": "displayName",
    "Query.node: its host": f"node(id: $host) {_ID}",
    "Query.node: its link member": f"node(id: $member) {_ID}",
    "HubHousehold.host": f"host {_ID}",
    "HubHousehold.microGrid": f"microGrid {_ID}",
    "HubHousehold.linkedHouseholdCount": "linkedHouseholdCount",
    "MicroGrid.hub": f"hub {_ID}",
    "Query.whoServes": f"whoServes(itemId: $item, householdId: $home) {{ unit {_ID} }}",
    "Service.unit": f"unit {_ID}",
    "Service.person": f"person {_ID}",
    "Service.climb": f"climb {_ID}",
    # Figures.
    "Query.measures": f'measures(unitId: $unit, from: "2026-11-01", to: "2026-11-30") {{ unit {_ID} }}',
    "Measure.unit": f"unit {_ID}",
    "Measure.requests": "requests",
    "Query.measuresByOriginVillage": f"{_BY_VILLAGE} {{ village {_ID} }}",
    "VillageMeasure.village": f"village {_ID}",
    "VillageMeasure.requests": "requests",
    "MicroGrid.linkCoverage": "linkCoverage",
    "Query.privacyMeasures": f'privacyMeasures(unitId: $unit, from: "2026-11-01", to: "2026-11-30") {{ unit {_ID} }}',
    "PrivacyMeasure.unit": f"unit {_ID}",
    "PrivacyMeasure.reveals": "reveals",
    # The desk.
    "Query.board": f"board(unitId: $unit) {{ unit {_ID} }}",
    "Board.unit": f"unit {_ID}",
    "Query.workload": f"workload(unitId: $unit) {{ person {_ID} }}",
    "Workload.person": f"person {_ID}",
    "Workload.openTasks": "openTasks",
    # Plans, and changes to the organisation.
    "OrgUnit.absences": f"absences {{ person {_ID} }}",
    "Absence.person": f"person {_ID}",
    "Absence.substitute": f"substitute {_ID}",
    "OrgUnit.duties": f"duties {{ person {_ID} }}",
    "Duty.person": f"person {_ID}",
    "Duty.unit": f"unit {_ID}",
    "Duty.grid": f"grid {_ID}",
    "Query.organisationHistory": f"organisationHistory(first: 100) {{ edges {{ node {{ by {_ID} }} }} }}",
    "OrganisationChange.by": f"by {_ID}",
    "OrganisationChange.about": "about",
    "Query.closePreview": f"closePreview(unitId: $unit) {{ ... on ClosePreview {{ grids {_ID} }} }}",
    "ClosePreview.children": f"children {_ID}",
    "ClosePreview.grids": f"grids {_ID}",
    "ClosePreview.appointments": f"appointments {{ person {_ID} }}",
    "ClosePreview.openTaskCount": "openTaskCount",
    "ClosePreview.openTaskIds": "openTaskIds",
    # The notice board.
    "Query.node: a public post": f"node(id: $worker) {_ID}",
    "Query.node: a village": f"node(id: $village) {_ID}",
    "Query.orgUnit": f"orgUnit(code: $code) {_ID}",
    "Query.gridAt": f"gridAt(point: {{ lat: 35.202, lng: 115.502 }}) {_ID}",
    "OrgUnit.parent": f"parent {_ID}",
    "OrgUnit.children": f"children {_ID}",
    "OrgUnit.ancestors": f"ancestors {_ID}",
    "OrgUnit.grids": f"grids {_ID}",
    "OrgUnit.appointments": f"appointments {{ person {_ID} }}",
    "Appointment.person": f"person {_ID}",
    "Appointment.unit": f"unit {_ID}",
    "Appointment.grid": f"grid {_ID}",
    "Appointment.microGrid": f"microGrid {_ID}",
    "Grid.branch": f"branch {_ID}",
    "Grid.microGrids": f"microGrids {_ID}",
    "Grid.householdCount": "householdCount",
    "Query.node: what an overlay covers": f"node(id: $area) {{ ... on OrgUnit {{ covers {_ID} }} }}",
    # Anybody's.
    "Query.privacyNotice": "privacyNotice { version }",
    "Query.villages": f"villages {_ID}",
    "Query.serviceItems": f"serviceItems {_ID}",
}

APART: Mapping[str, str] = {
    "OrgUnit.covers": "asked of an overlay, by its node",
    "OrgUnit.succeeds": "units that are on the notice board themselves; nothing took over here",
    "Grid.succeeds": "grids that are on the notice board themselves; nothing was cut anew here",
    "Task.text": "nothing here was called in with words of its own: tests/journeys/test_assists.py",
    **{
        f"Task.{name}": "of work that nobody asked for: tests/journeys/test_proactive.py"
        for name in ("item", "address", "location", "raisedBy")
    },
    "Task.campaign": "of no campaign here: tests/journeys/test_campaigns.py",
    "Task.lateReports": "no phone sent anything too late here: tests/journeys/test_offline_batches.py",
    "Task.earlyReports": "no phone sent anything too early here: tests/journeys/test_offline_batches.py",
    "LateReport.by": "the same",
    "Viewer.rejectedReports": "one's own; nothing came too late here: the same",
    "RejectedReport.note": "the same",
    "RejectedReport.task": "the same",
    "Task.extension": "nobody asked for more time here: tests/journeys/test_pauses.py",
    "TaskExtension.reason": "the same",
    "Task.deferral": "nobody asked for a deferral here: the same",
    "TaskDeferral.reason": "the same",
    "Task.callOuts": "nobody was called out here: tests/journeys/test_callouts.py",
    "CallOut.unit": "the same",
    "Request.agent": "nobody acts under a grant here: tests/journeys/test_proxies.py",
    "SubjectRequest.decidedBy": "nobody has decided on it here",
    "Query.recutPreview": "for administrators, of a whole plan: tests/journeys/test_recutting.py",
    **{
        f"RecutPreview.{name}": "the same"
        for name in ("workers", "openTaskCount", "openTaskIds", "householdCount", "devices", "confirmation")
    },
    "WorkersPhone.worker": "the same",
    "Query.organisationImport": "for administrators, of a file that they sent themselves: tests/journeys/test_importing.py",
    "OrganisationImport.faults": "the same",
    "OrganisationImport.differences": "the same",
    "ImportDifference.lines": "the same",
    "Query.division": "a public table, of no matter: tests/journeys/test_importing.py",
    "Query.divisions": "the same",
    "EnrolmentCode.person": "answered once, to whoever made the code: tests/journeys/test_enrolment.py",
    "BoardQueue.tasks": "tasks of the list, for whoever has the board; this one waits in no queue: tests/adapters/test_mongo_board.py",
    "BoardQueue.requests": "requests that nobody has taken in, for whoever has the board; this one was: tests/journeys/test_intake.py",
    "QueueCount.tasks": "the same",
    "Query.searchLog": "for the privacy officer, of searches and exports: tests/journeys/test_searching.py",
    "Look.by": "the same",
    "Query.viewer": "you yourself: what it tells of the matter are the fields of `Viewer`",
    "Viewer.unreadNotices": "counts the own inbox: nothing where nothing was told",
    "Query.campaigns": "of a unit, for whoever leads it: tests/journeys/test_campaigns.py",
    **{f"Campaign.{name}": "the same" for name in ("unit", "startedBy", "endedBecause", "total", "progress")},
    "CampaignProgress.whole": "the same",
    "CampaignProgress.units": "the same",
    "CampaignTally.unit": "the same",
    "Viewer.savedFilters": "ids that the viewer named, which open nothing: tests/journeys/test_saved_filters.py",
    "Subscription.liveChanges": "asked over a socket: a column of its own",
    "Query.similarRequests": "asked before there is a matter; it shows none of whose it is: tests/journeys/test_similar.py",
    **{
        f"SimilarRequest.{name}": "the same"
        for name in ("id", "request", "item", "statusText", "isMine", "mayFollow", "submittedOn", "promiseDueAt")
    },
    "SimilarRequest.state": "the same",
    "SimilarRequests.found": "the same",
    "Request.related": "opens what the reader sees anyway: tests/journeys/test_similar.py",
    "Request.repeats": "the same",
    "Request.mergedInto": "opens what the reader sees anyway: tests/journeys/test_duplicates.py",
    "Request.mergedCount": "for the staff: tests/journeys/test_duplicates.py",
    "Request.followerCount": "for whoever leads the owner: tests/journeys/test_followers.py",
    "FollowerCount.followers": "the same",
    "Viewer.following": "what the viewer follows, by its item and its end: the same",
    "FollowedMatter.requestId": "an id that opens nothing to whoever follows: the same",
    "FollowedMatter.item": "the catalogue is anybody's",
    "Request.attachments": "nothing can be attached yet",
    "Attachment.url": "nothing can be attached yet",
}
"""Not asked as the others are, and why."""

PLAIN: Mapping[str, str] = {
    "Task": "id state title dueAt dueProvisional acknowledgeBy contactBy overdue supervised isMessage outcome rule routedBecause actions"
    " isRequired openAssists extendedBy suspendedBecause resumeAt reviewOn objectedAt createdAt updatedAt version",
    "Request": "id number state statusText scope entry noticeVersion"
    " submittedAt promiseDueAt promiseProvisional promiseFirstDueAt extendedBy acceptBy heldAt overdue reworkCount"
    " verdict grade callsBegunAt answerBy closedUnanswered version actions declinedBecause handedOffTo",
    "TaskExtension": "until workingDays askedAt",
    "EarlyReport": "commandId at outcome contact",
    "LateReport": "commandId at outcome",
    "RejectedReport": "at deviceTime outcome",
    "TaskDeferral": "reviewOn askedAt",
    "CallOut": "kind state askedAt withinMinutes arriveBy reportedAt onTime grade endedAt",
    "Event": "id kind at deviceTime deviceTimeDoubtful",
    "Notice": "id createdAt readAt",
    "Household": "id version",
    "HouseholdLink": "since until agreedByHousehold",
    "Person": "id",
    "Absence": "id since until",
    "Duty": "id since until",
    "OrganisationChange": "version at kind",
    "ClosePreview": "successorWanted",
    "WorkersPhone": "platform appVersion registeredOn lastSyncDay",
    "ProxyGrant": "id since until evidence revokedAt live mayWithdraw version",
    "SubjectRequest": "id kind state madeAt dueAt dueProvisional overdue decidedAt reason version",
    "SubjectRequestEntry": "at act",
    "OwnData": "madeAt text json endCursor",
    "PrivacyNotice": "version since text spoken",
    "OrgUnit": "id code name kind validFrom validTo version",
    "Appointment": "id role since until",
    "Grid": "id code name kind validFrom validTo",
    "MicroGrid": "id code name",
    "HubHousehold": "id",
    "Village": "id divisionCode name",
    "ServiceItem": "id code name line deadlineClass defaultScope photoRequired numberToDial isShared version",
    "Service": "rule because",
    "Measure": (
        "due onTimeRateAtFirst extensionRate deferredStock p90DaysDeferred "
        "acknowledgedOnTimeRate contactRate completionRate onTimeRate resolvedRate ownResolvedRate helpedResolvedRate satisfiedRate "
        "answerCoverage reworkRate returnRate wrongReturnRate proactiveShare proxyShare assistedShare legShare calloutOnTimeRate "
        "repeatRate medianOfficeHoursToContact p90OfficeHoursToContact linkCoverage "
        "medianHoursToContact p90HoursToContact medianHoursToClose p90HoursToClose medianOfficeHoursToClose p90OfficeHoursToClose"
    ),
    "PrivacyMeasure": "revealsPerTask revealsWithoutContactShare subjectRequestsDue subjectRequestsOnTimeRate",
    "VillageMeasure": (
        "due contactRate completionRate onTimeRate resolvedRate satisfiedRate answerCoverage reworkRate "
        "medianHoursToContact medianHoursToClose"
    ),
    "ChangeBatch": "removed cursor more reset",
    "Campaign": "id title text audience dueOn startedAt endedAt",
    "CampaignProgress": "givenOut",
    "CampaignTally": "total open done cancelled",
    "Board": "queues",
    "SavedFilter": "id name savedAt queue tasks requests",
    "SavedQueue": "kind unitId",
    "SavedTaskFilter": "states assigneeId unitId gridIds overdue unrouted dueBefore",
    "SavedRequestFilter": "states itemIds gridIds unitId overdue submittedAfter submittedBefore",
    "BoardQueue": "kind count",
    "QueueCount": "more",
    "FollowedMatter": "id since state statusText promiseDueAt mayReportNotFixed",
    "FollowerCount": "more",
    "Viewer": "roles",
    "MaskedContact": "reach hasAddress",
    "Contact": "reach setAt",
    "ContactReading": "at role reason note requestNumber taskId personId flags",
    "Look": "kind at filters rows",
    "EnrolmentCode": "code slip validUntil",
    "OrganisationImport": "importId state received parts version more contacts message",
    "ImportFault": "sheet row column what expected",
    "ImportDifference": "sheet added changed ended kept unchanged",
    "ImportLine": "code what text",
    "Division": "code name parent",
    "Attachment": "id contentType bytes complete",
}
"""What comes with a thing, whoever sees it, and tells of nothing else."""

PLUMBING = re.compile(r"(.*Connection|.*Edge|.*Payload|PageInfo|GeoPoint|Refusal|CommandResult|BulkItem|Mutation)")
"""Types that carry others: what they lead to is asked where they lead."""


def fields_of_the_schema() -> Iterable[str]:
    """Every field that something has, as `Type.field`."""
    for kind in build_schema(printed()).type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__") and not PLUMBING.fullmatch(kind.name):
            yield from (f"{kind.name}.{name}" for name in kind.fields)


def classified() -> list[str]:
    """Every field that a table above knows."""
    plain = [f"{kind}.{name}" for kind, names in PLAIN.items() for name in names.split()]
    asked = [surface for surface in ASKED if ":" not in surface]
    return [*asked, *APART, *plain]


@dataclass(frozen=True)
class Document:
    """A query with some surfaces in it, each under an alias; `paths` say where the answer of each is."""

    text: str
    paths: Mapping[str, tuple[str, str]]

    def answer_of(self, surface: str, data: Mapping[str, object]) -> object:
        """What was answered: the thing's field, or nothing of the thing."""
        root, alias = self.paths[surface]
        return list(_under(data[root], alias)) if alias != root else data[root]


def _under(value: object, alias: str) -> Iterable[object]:
    """Whatever stands under `alias`, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from [inner] if name == alias else _under(inner, alias)
    elif isinstance(value, list):
        for inner in value:
            yield from _under(inner, alias)


MOST_ROOTS = 24


def documents(surfaces: Iterable[str]) -> list[Document]:
    """As few queries as the limits allow; surfaces of one thing share its look-up."""
    roots: dict[str, dict[str, str]] = {}
    for surface in surfaces:
        kind, _, field = surface.partition(".")
        root = re.sub(r"\W+", "_", surface) if kind == "Query" else kind
        roots.setdefault(root, {})[surface] = f"{root if kind == 'Query' else f'{kind}_{field}'}: {ASKED[surface]}"
    names = list(roots)
    return [_document({name: roots[name] for name in names[at : at + MOST_ROOTS]}) for at in range(0, len(names), MOST_ROOTS)]


def _document(roots: Mapping[str, Mapping[str, str]]) -> Document:
    parts: list[str] = []
    paths: dict[str, tuple[str, str]] = {}
    for root, asked in roots.items():
        inner = " ".join(asked.values())
        is_query = root.startswith("Query_")
        parts.append(inner if is_query else f"{root}: {OF[root] % inner}")
        paths |= {surface: (root, root if is_query else surface.replace(".", "_")) for surface in asked}
    body = "\n  ".join(parts)
    names = dict.fromkeys(re.findall(r"\$(\w+)", body))
    declared = ", ".join(f"${name}: {'String!' if name in {'number', 'code'} else 'ID!'}" for name in names)
    return Document(f"query({declared}) {{\n  {body}\n}}" if names else f"{{\n  {body}\n}}", paths)


def variables_of(text: str, ids: Mapping[str, str]) -> dict[str, str]:
    return {name: ids[name] for name in dict.fromkeys(re.findall(r"\$(\w+)", text))}
