"""Enumerations about a request's own verbs as the face shows them, every value described."""

from domain.request_moves import RequestAction
from domain.requests import DeclineReason, HandOffTo
from schema.enumeration import described

described(
    RequestAction,
    "A move that somebody may make on a request (诉求可用操作).",
    {
        "ACCEPT": "Take it in, and route it (受理).",
        "DECLINE": "Do not take it on, and say where to go instead (不予受理).",
        "OBJECT_TO_DECLINE": "Have it looked at again, once (对不予受理提出异议).",
        "MERGE": "Let it go on in another that asks for the same (合并).",
        "UNMERGE": "Let it go on by itself again (取消合并).",
        "HAND_OFF": "Give it to another service (转出).",
        "HAND_OFF_TO_EMERGENCY": "Give it to 110, 119, 120 or 122 (转紧急热线).",
        "WITHDRAW": "Take it back (撤回).",
        "NUDGE": "Remind whoever has it, once a day (催办).",
        "REOPEN": "Have it worked on again, once, within 15 days of its end (重新办理).",
        "ADD_MESSAGE": "Say something more about it (留言).",
    },
)
described(
    DeclineReason,
    "Why a request is not taken on (不予受理原因).",
    {
        "OTHER_BODY": "Another body is the one for it (属其他部门职责).",
        "IN_COURT": "A court or an arbitrator has it (已进入诉讼或仲裁).",
        "DECIDED_BEFORE": "The same was decided before, and nothing is new (已有处理结论).",
        "UNCLEAR": "What is asked is not clear, and nobody could be reached (内容不清且无法联系).",
        "UNLAWFUL": "The law does not allow it (违反法律法规).",
        "OTHER": "See the words (其他).",
    },
)
described(
    HandOffTo,
    "Whom a request is given to (转出去向).",
    {
        "POLICE_110": "Police (公安 110).",
        "FIRE_119": "Fire brigade (消防 119).",
        "AMBULANCE_120": "Ambulance (急救 120).",
        "ROAD_POLICE_122": "Road accidents (交通事故 122).",
        "OTHER_SERVICE": "Another service, whose number or reference is told (其他部门).",
    },
)
