"""Enumerations about homes, data of persons and acting for others as the face shows them, every value described."""

from domain.call_out import CallOutGrade, CallOutKind, CallOutState
from domain.contacts import ReadFlag, RevealReason
from domain.households import Agreement, Reach
from domain.organisation import GridKind
from domain.proxies import ProxyEvidence
from domain.requests import EntryKind
from domain.search import LookKind
from schema.enumeration import described

described(
    GridKind,
    "What a grid is cut by (网格类型).",
    {
        "GENERAL": "By residence (综合网格).",
        "DEDICATED": "A park, market, office block, school and the like (专属网格).",
    },
)
described(
    Agreement,
    "How a household agreed to a link (住户同意方式).",
    {
        "IN_APP": "It asked for it itself (本人在线确认).",
        "SIGNED_PAPER": "On paper, signed (书面签字).",
        "SPOKEN": "By word of mouth, to whoever wrote it down (口头同意).",
    },
)
described(
    Reach,
    "How word gets to somebody or to a home; never by loudspeaker (送达方式).",
    {
        "APP": "By the app (手机应用).",
        "PHONE": "By a call, a landline too (电话).",
        "VISIT": "By a visit (上门).",
        "NEIGHBOUR": "By a neighbour whom they agreed to (邻居转告).",
        "CENTRE_PICKUP": "They ask at the centre (到服务中心领取).",
    },
)
described(
    EntryKind,
    "How a request came in (录入方式).",
    {
        "OWN": "Typed by whoever asks (本人填报).",
        "ASSISTED": "Typed by a helper for somebody who is there, or for a home (代填).",
        "PROXY": "Asked by a proxy under a grant (代办).",
    },
)
described(
    ProxyEvidence,
    "What shows that a proxy grant was given (授权凭据).",
    {
        "OWN_SIGN_IN": "The principal's own sign-in (本人登录).",
        "SIGNED_PAPER": "A signed paper; the only one for money or rights (签字书面委托).",
        "CALL_BACK_BY_THIRD": "A third person called back (第三人回访).",
        "WITNESS": "Somebody was there (见证人).",
    },
)
described(
    RevealReason,
    "Why a contact is looked at (查阅原因).",
    {
        "ARRANGE_VISIT": "To arrange a visit (约上门时间).",
        "ASK_DETAILS": "To ask what is not clear (核实情况).",
        "TELL_RESULT": "To tell how it ended, or ask whether it helped (告知结果).",
        "DANGER": "Because something is in danger (紧急情况).",
        "OTHER": "See the note (其他).",
    },
)
described(
    LookKind,
    "What a line of the search log is about (检索类型).",
    {"SEARCH": "Requests were looked for by their words (关键词检索).", "EXPORT": "A list was exported (导出清单)."},
)
described(
    ReadFlag,
    "What is unusual about a reading (异常标记).",
    {"OUT_OF_HOURS": "Outside office hours (非工作时间).", "MANY_IN_A_ROW": "One of many within an hour (短时多次)."},
)
described(
    CallOutKind,
    "Why a department is called out (吹哨情形).",
    {
        "BEYOND_OWN_MEANS": "What the unit cannot solve (自身难以解决).",
        "JOINT_ENFORCEMENT": "Joint enforcement: handed over, never handled here (综合执法，须转出).",
        "EMERGENCY": "An emergency (应急处置).",
    },
)
described(
    CallOutState,
    "Where a call-out stands (吹哨状态).",
    {
        "ASKED": "Waits for the township's head (待审批).",
        "REFUSED": "Not agreed to (未同意).",
        "RAISED": "The department is called (已吹哨).",
        "REPORTED": "The department is there (已报到).",
        "CONCLUDED": "Rated by the township (已评价).",
        "ENDED": "Its task was over first, and it is not rated (随工单结束，未评价).",
    },
)
described(
    CallOutGrade,
    "How the department answered, as the township says (报到评价).",
    {"GOOD": "Came and helped (好).", "FAIR": "Came, and helped in part (一般).", "POOR": "Did not come, or did not help (差)."},
)
