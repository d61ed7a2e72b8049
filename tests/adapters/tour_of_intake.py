"""The part of the tour where requests are taken in, or not, and where they go on after their end."""

from collections.abc import Mapping
from uuid import uuid4

from domain.access import Actor
from domain.pages import PageRequest
from domain.ports import Ports
from domain.posts import Role
from domain.requests import DeclineReason, Grade, HandOffTo, Verdict
from resolvers.duplicates import MergeRequests, UnmergeRequest, answer, go_on_in, merge_requests, unmerge_request
from resolvers.intake import (
    AcceptRequest,
    DeclineRequest,
    HandOffRequest,
    ObjectToDecline,
    accept_request,
    decline_request,
    hand_off_request,
    object_to_decline,
)
from resolvers.nudges import NudgeRequest, nudge_request
from resolvers.reopening import AddMessage, ReopenRequest, add_message, reopen_request
from resolvers.requests import AnswerFollowUp, SubmitRequest, submit_request
from resolvers.withdrawals import WithdrawRequest, withdraw_request


async def tour_of_intake(wish: str, closed_id: str, people: Mapping[str, Actor], ports: Ports) -> None:
    """`wish` is an item that somebody has to accept, `closed_id` a request of the resident that is closed."""
    resident, clerk, dispatcher = people["resident-1"], people["centre-clerk-1"], people["dispatcher-1"]
    first = (await submit_request(SubmitRequest(uuid4(), wish, "想加一盏灯"), by=resident, ports=ports)).subject
    await decline_request(DeclineRequest(uuid4(), first.id, DeclineReason.OTHER_BODY, "请到镇政府"), by=clerk, ports=ports)
    await object_to_decline(ObjectToDecline(uuid4(), first.id, "归你们管"), by=resident, ports=ports)
    await accept_request(AcceptRequest(uuid4(), first.id), by=clerk, ports=ports)
    await nudge_request(NudgeRequest(uuid4(), first.id, "请快些"), by=resident, ports=ports)
    await withdraw_request(WithdrawRequest(uuid4(), first.id, "不用了"), by=resident, ports=ports)
    await tour_of_duplicates(wish, people, ports)
    second = (await submit_request(SubmitRequest(uuid4(), wish, "想加一条长椅"), by=resident, ports=ports)).subject
    await hand_off_request(HandOffRequest(uuid4(), second.id, HandOffTo.OTHER_SERVICE, "归园林", "12319"), by=dispatcher, ports=ports)
    await submit_request(SubmitRequest(uuid4(), wish, "想加一个棚子"), by=resident, ports=ports)
    root = next(iter(dispatcher.units_led(Role.DISPATCHER)))
    waiting = await ports.boards.waiting(root, PageRequest(1), seen_by=dispatcher)  # that one among them
    await ports.boards.waiting(root, PageRequest(1, after=waiting.keys[0]), seen_by=dispatcher)
    await ports.boards.waiting(root, PageRequest(1, before=waiting.keys[0], is_backward=True), seen_by=dispatcher)
    await add_message(AddMessage(uuid4(), closed_id, "灯又闪了"), by=resident, ports=ports)
    await reopen_request(ReopenRequest(uuid4(), closed_id, "灯又灭了"), by=resident, ports=ports)


async def tour_of_duplicates(wish: str, people: Mapping[str, Actor], ports: Ports) -> None:
    """Two who wish for the same: merged, taken apart, merged again, and the one in which it went on is declined."""
    resident, dispatcher = people["resident-1"], people["dispatcher-1"]
    into = (await submit_request(SubmitRequest(uuid4(), wish, "想加一条长椅"), by=resident, ports=ports)).subject
    other = (await submit_request(SubmitRequest(uuid4(), wish, "也想加长椅"), by=resident, ports=ports)).subject
    await merge_requests(MergeRequests(uuid4(), into.id, [other.id], "同一条长椅"), by=dispatcher, ports=ports)
    await unmerge_request(UnmergeRequest(uuid4(), other.id), by=dispatcher, ports=ports)
    await merge_requests(MergeRequests(uuid4(), into.id, [other.id], "同一条长椅"), by=dispatcher, ports=ports)
    await go_on_in(into.township, [into.id], ports=ports)
    await decline_request(
        DeclineRequest(uuid4(), into.id, DeclineReason.OTHER_BODY, "请到镇政府"), by=people["centre-clerk-1"], ports=ports
    )
    await answer(AnswerFollowUp(uuid4(), other.id, Verdict.SOLVED, Grade.SATISFIED, "也行"), by=resident, ports=ports)
