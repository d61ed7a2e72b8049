"""Campaigns on MongoDB: one document each, its parts beside it until they are done, and tasks that count themselves by an index."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

from adapters.mongo.cases import MongoCases, new_case
from adapters.mongo.codec import decode, encode
from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.ledger import Ledger
from adapters.mongo.reads import own_ids
from domain.access import Actor, keys_of_subtree, oversees
from domain.campaigns import DONE, Campaign, Counted, Part
from domain.cases import Act
from domain.commands import Command, Replayed
from domain.errors import RefusalCode, not_found, refused
from domain.ids import Kind, township_of
from domain.tasks import OVER, TaskState

STILL_OPEN = sorted(state.value for state in TaskState if state not in OVER and state not in DONE)


class MongoCampaigns:
    """Keeps `domain.campaigns.Campaigns`."""

    def __init__(self, mongo: Mongo, ledger: Ledger) -> None:
        self._mongo = mongo
        self._ledger = ledger

    async def start(self, campaign: Campaign, parts: Sequence[Part], command: Command) -> Campaign | Replayed:
        async def work(session: Session) -> Campaign:
            document = {**encode(campaign), "scopes": sorted(campaign.scopes)}
            await self._mongo.collection("campaigns").insert_one(document, session=session)
            await self._mongo.collection("campaign_parts").insert_many([_part(part, command.at) for part in parts], session=session)
            return campaign

        return await self._ledger.once(command, campaign.township, campaign.id, work)

    async def end(self, campaign_id: str, *, reason: str, part: Part, seen_by: Actor, command: Command) -> Campaign | Replayed:
        found = await self.by_ids([campaign_id], seen_by=seen_by)
        if not found:
            raise not_found("campaignId")
        by_id = {"township": found[0].township, "_id": campaign_id}

        async def work(session: Session) -> Campaign:
            ended = {"$set": {"ended_at": command.at, "ended_because": reason}}
            changed = await self._mongo.collection("campaigns").update_one({**by_id, "ended_at": None}, ended, session=session)
            if changed.modified_count == 0:
                raise refused(RefusalCode.WRONG_STATE, "refusal.campaign_ended", "campaignId")
            of_it = {"township": by_id["township"], "campaign_id": campaign_id}
            await self._mongo.collection("campaign_parts").delete_many(of_it, session=session)
            await self._mongo.collection("campaign_parts").insert_one(_part(part, command.at), session=session)
            document = await self._mongo.collection("campaigns").find_one(by_id, session=session)
            return decode(Campaign, document or {})

        return await self._ledger.once(command, by_id["township"], campaign_id, work)

    async def by_ids(self, ids: Sequence[str], *, seen_by: Actor) -> list[Campaign]:
        township = seen_by.organisation.township if seen_by.organisation else ""
        found = await self.briefs(township, own_ids(Kind.CAMPAIGN, ids, township))
        return [campaign for campaign in found if oversees(seen_by, campaign.unit_id)]

    async def of_unit(self, unit_id: str, limit: int, *, seen_by: Actor) -> list[Campaign]:
        if seen_by.organisation is None or not oversees(seen_by, unit_id):
            return []
        opened = {"township": seen_by.organisation.township, "scopes": {"$in": sorted(keys_of_subtree(seen_by.organisation, unit_id))}}
        found = self._mongo.collection("campaigns").find(opened).sort([("_id", -1)]).limit(limit).hint("in_scope")
        return [decode(Campaign, document) for document in await found.to_list()]

    async def briefs(self, township: str, ids: Sequence[str]) -> list[Campaign]:
        if not ids:
            return []
        found = self._mongo.collection("campaigns").find({"township": township, "_id": {"$in": list(ids)}}).hint("_id_")
        return [decode(Campaign, document) for document in await found.to_list()]

    async def counted(self, campaign: Campaign) -> Counted:
        of_it = {"$match": {"township": campaign.township, "campaign_id": campaign.id}}
        by_state = {"$group": {"_id": {"owner": "$owner_id", "state": "$state"}, "count": {"$sum": 1}}}
        rows = await self._mongo.aggregate("tasks", [of_it, by_state], hint="of_campaign")
        return {(row["_id"]["owner"], TaskState(row["_id"]["state"])): row["count"] for row in rows}


class MongoCampaignParts:
    """Keeps `domain.campaigns.CampaignParts`. `mark` is this process's own; each claim adds its number."""

    def __init__(self, mongo: Mongo, cases: MongoCases, *, mark: str) -> None:
        self._mongo = mongo
        self._cases = cases
        self._marks = (f"{mark}-{number}" for number in count(1))

    async def claim(self, *, at: datetime, lease_seconds: float) -> Part | None:
        parts, is_due = self._mongo.collection("campaign_parts"), {"due_at": {"$lte": at}}
        while found := await parts.find(is_due).sort([("due_at", 1)]).limit(1).hint("due").to_list():
            mark, by_id = next(self._marks), {"township": found[0]["township"], "_id": found[0]["_id"]}
            claimed = {"$set": {"due_at": at + timedelta(seconds=lease_seconds), "mark": mark}}
            if (await parts.update_one({**by_id, **is_due}, claimed)).modified_count:
                return decode(Part, {**found[0], "mark": mark})
        return None

    async def campaign_of(self, part: Part) -> Campaign:
        by_id = {"township": township_of(part.campaign_id), "_id": part.campaign_id}
        document = await self._mongo.collection("campaigns").find_one(by_id)
        if document is None:
            raise LookupError("a part was kept of a campaign that is gone")
        return decode(Campaign, document)

    async def give_out(self, part: Part, acts: Sequence[tuple[Act, str]], command: Command) -> bool:
        calendar = await self._cases.calendars.current()
        kept = [new_case(act, event_id, command, calendar) for act, event_id in acts]

        async def work(session: Session) -> bool:
            ended = await self._mongo.collection("campaign_parts").delete_one(_mine(part), session=session)
            if ended.deleted_count == 0:
                return False
            await self._mongo.collection("tasks").insert_many([task for tasks, _ in kept for task in tasks], session=session)
            await self._mongo.collection("events").insert_many([event for _, event in kept], session=session)
            return True

        return await self._mongo.transact(work)

    async def open_tasks(self, campaign: Campaign, limit: int) -> list[tuple[str, int]]:
        of_it = {"township": campaign.township, "campaign_id": campaign.id, "state": {"$in": STILL_OPEN}}
        found = self._mongo.collection("tasks").find(of_it, {"version": 1}).limit(limit).hint("of_campaign")
        return [(task["_id"], task["version"]) for task in await found.to_list()]

    async def done(self, part: Part) -> None:
        await self._mongo.collection("campaign_parts").delete_one(_mine(part))

    async def later(self, part: Part, *, until: datetime) -> None:
        waits = {"$set": {"due_at": until}, "$unset": {"mark": ""}, "$inc": {"tries": 1}}
        await self._mongo.collection("campaign_parts").update_one(_mine(part), waits)


def _part(part: Part, due_at: datetime) -> Document:
    return {**encode(part), "township": township_of(part.campaign_id), "due_at": due_at}


def _mine(part: Part) -> Document:
    return {"township": township_of(part.campaign_id), "_id": part.id, "mark": part.mark}
