"""The domain's enumerations of grids and homes as the face shows them, every value described."""

from domain.households import Agreement
from domain.organisation import GridKind
from schema.enums import described_enum

described_enum(
    GridKind,
    "What a grid is cut by (网格类型).",
    {
        "GENERAL": "By residence (综合网格).",
        "DEDICATED": "A park, market, office block, school and the like (专属网格).",
    },
)
described_enum(
    Agreement,
    "How a household agreed to a link (住户同意方式).",
    {
        "IN_APP": "It asked for it itself (本人在线确认).",
        "SIGNED_PAPER": "On paper, signed (书面签字).",
        "SPOKEN": "By word of mouth, to whoever wrote it down (口头同意).",
    },
)
