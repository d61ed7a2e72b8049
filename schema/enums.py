"""The domain's enumerations as the face shows them, every value described."""

import schema.enums_of_data  # shows the others
import schema.enums_of_requests  # noqa: F401  # shows the others
from domain.commands import CommandOutcome
from domain.deadlines import DeadlineClass
from domain.devices import DevicePlatform
from domain.errors import RefusalCode
from domain.importing import What
from domain.importing_desk import ImportState
from domain.items import MatterScope, ServiceLine
from domain.lifecycle import TaskAction
from domain.organisation import OrgUnitKind
from domain.posts import Role
from domain.requests import Grade, RequestState, Verdict
from domain.tasks import ContactKind, Outcome, ReturnReason, TaskState
from domain.workbook_rows import Sheet
from schema.enumeration import described

described(
    OrgUnitKind,
    "What kind of unit of either chain (组织类型).",
    {
        "TOWNSHIP_COMMITTEE": "Township party committee, where every climb ends (乡镇党委).",
        "SETTLEMENT_ORG": "The settlement area's organisation; in the service chain, the new village's (安置区党组织／新村党组织).",
        "GRID_BRANCH": "Branch bound to one or more grids (网格党支部).",
        "PROFESSIONAL_BRANCH": "Branch bound to a skill or trade (专业党支部).",
        "PARTY_GROUP": "Group of a building or lane (党小组).",
        "VILLAGE_ORG": "Organisation of a village of origin (原村党组织).",
        "AREA_COMMITTEE": "Committee across several villages; co-ordinates, owns nothing by default (片区功能型党委).",
        "INDUSTRY_COMMITTEE": "Committee for a new-employment group; co-ordinates, owns nothing by default (行业党委).",
        "SERVICE_CENTRE": "Service centre with counters (区域性综合服务中心).",
        "PROVIDER": "Firm or association that does the work (服务单位).",
    },
)
described(
    Role,
    "What somebody may be in the organisation (角色).",
    {
        "RESIDENT": "Lives in a household of the settlement (居民).",
        "LINK_MEMBER": "Looks in on the few households that agreed to it (联户党员).",
        "HUB_HOST": "Keeps a home open as the contact point of a micro-grid (党员中心户).",
        "GRID_WORKER": "Does the work of a grid (网格员).",
        "GRID_LEADER": "Answers for a grid or a branch (网格长).",
        "CENTRE_CLERK": "Serves at a counter of the centre (服务中心工作人员).",
        "DISPATCHER": "Keeps the township's desk (乡镇调度员).",
        "SECRETARY": "Answers for a unit and all below it (书记).",
        "PROVIDER_WORKER": "Works for a provider (服务单位人员).",
        "VOLUNTEER": "Gives skill and time (志愿者).",
        "PRIVACY_OFFICER": "Keeps the read log and residents' rights (个人信息保护专员).",
        "ADMINISTRATOR": "Keeps the organisation, never sees contents (管理员).",
    },
)
described(
    ServiceLine,
    "One of the five service lines (五项机制).",
    {
        "GOVERNMENT_SERVICE": "Guides, papers, hand-in at the counter (党政服务).",
        "RED_PROPERTY_SERVICE": "Buildings and their common parts (红色物业服务).",
        "PUBLIC_FACILITY_SERVICE": "Water, power, gas, heating, roads, lamps, drains (公共设施服务).",
        "CONVENIENCE_VOLUNTEERING": "Small regular help by skill (便民志愿服务).",
        "VOLUNTEERING": "Organised campaigns and hours (志愿服务).",
    },
)
described(
    DeadlineClass,
    "How soon things are due (时限类别).",
    {
        "DANGER": "Life or goods at risk: minutes and hours by the clock (危险).",
        "UTILITY": "Water, power, gas, heat, lift: hours by the clock (水电气暖).",
        "NORMAL": "Five working days (一般).",
        "COMPLEX": "Several owners or site works: fifteen working days (复杂).",
        "ENQUIRY": "Answered the same day, else in three working days (咨询).",
        "PROXY_ERRAND": "An errand by a date agreed with the person (代办).",
        "APPOINTMENT": "The slot is the time (预约).",
    },
)
described(
    MatterScope,
    "Which of the two addresses of a relocated household the matter belongs to (事项归属).",
    {
        "RESIDENCE": "Where the household lives now (现居住地).",
        "ORIGIN_VILLAGE": "The village it left: land, collective and register matters (迁出村).",
    },
)
described(
    RequestState,
    "Where a request stands; it follows from its tasks (诉求状态).",
    {
        "RECEIVED": "Taken in, not accepted yet (已收到).",
        "DECLINED": "Not taken on, with a reason and where to go (不予受理).",
        "IN_HAND": "Somebody is on it (办理中).",
        "ON_HOLD": "All its open tasks are paused (暂缓).",
        "ANSWERED": "Done and checked; the resident is asked (待评价).",
        "CLOSED": "At its end (已办结).",
        "WITHDRAWN": "Taken back by whoever asked (已撤回).",
        "MERGED": "Goes on in another request (已合并).",
        "HANDED_OFF": "Given to somebody outside (已转出).",
    },
)
described(
    TaskState,
    "Where a task stands (工单状态).",
    {
        "QUEUED": "Nobody has it yet (待派单).",
        "ASSIGNED": "Given to somebody who has not acknowledged it (待签收).",
        "ACKNOWLEDGED": "Taken (已签收).",
        "IN_PROGRESS": "Contact was made, work goes on (办理中).",
        "RETURN_PENDING": "Sent back; the desk decides (退单待审).",
        "SUSPENDED": "Paused for a stated cause (挂起).",
        "DEFERRED": "Cannot be solved now; has a review date (挂账).",
        "COMPLETED": "Done; somebody else checks it (待核查).",
        "AWAITING_FOLLOW_UP": "Checked; the resident is asked (待回访).",
        "CLOSED": "At its end (已办结).",
        "CANCELLED": "Called off (已取消).",
    },
)
described(
    Outcome,
    "What came of a task (办理结果).",
    {
        "SOLVED": "Solved (已解决).",
        "PARTLY": "Partly solved (部分解决).",
        "EXPLAINED": "Could not be done, and why was explained (已解释).",
        "NOT_POSSIBLE": "Not possible (无法办理).",
    },
)
described(
    Verdict,
    "The resident's answer: did it help (是否解决).",
    {"SOLVED": "Solved (已解决).", "PARTLY": "Partly (部分解决).", "NOT_SOLVED": "Not solved; it is done again (未解决)."},
)
described(
    Grade,
    "Five grades (好差评).",
    {
        "VERY_SATISFIED": "Very satisfied (非常满意).",
        "SATISFIED": "Satisfied (满意).",
        "BASICALLY_SATISFIED": "Basically satisfied (基本满意).",
        "UNSATISFIED": "Unsatisfied; it is done again (不满意).",
        "VERY_UNSATISFIED": "Very unsatisfied; it is done again (非常不满意).",
    },
)
described(
    TaskAction,
    "A move that somebody may make on a task (可用操作).",
    {
        "ASSIGN": "Give it to somebody (派单／转派).",
        "ACKNOWLEDGE": "Take it (签收).",
        "RETURN": "Send it back as not mine (退单).",
        "DECIDE_RETURN": "Agree to a return, or refuse it (退单审核).",
        "DECIDE_REPORT": "Decide whether a report counts that came too late (迟到回报审核).",
        "START": "Log the contact and begin (开始办理).",
        "REQUEST_EXTENSION": "Ask for more time (申请延期).",
        "DECIDE_EXTENSION": "Grant more time, or not (延期审批).",
        "SUSPEND": "Pause for a stated cause (挂起).",
        "RESUME": "Go on after a pause (解挂).",
        "DEFER": "Put on the long ledger (挂账).",
        "DECIDE_CALL_OUT": "Agree to a call-out, or not (吹哨审批).",
        "REPORT_IN": "Say that the department is there (报到).",
        "CONCLUDE_CALL_OUT": "Rate how the department answered, until 15 days after the call-out ended with its task (吹哨评价).",
        "DECIDE_DEFERRAL": "Agree to a place on the long ledger, or not (挂账审批).",
        "UNDEFER": "Take off the long ledger (销账).",
        "ADD_ASSIST": "Call in help (协办).",
        "CALL_OUT": "Summon a department (吹哨).",
        "COMPLETE": "Say that it is done, and what came of it (办结).",
        "VERIFY": "Check what somebody else did (核查).",
        "CANCEL": "Call it off (取消).",
        "SUPERVISE": "Put it under formal follow-up (督办).",
        "NUDGE": "Ask how it goes, once a day (催办).",
    },
)
described(
    RefusalCode,
    "Why a command was not carried out (拒绝原因).",
    {
        "NOT_FOUND": "It does not exist for you (未找到).",
        "NOT_ALLOWED": "It is not yours to do (无权操作).",
        "WRONG_STATE": "Not from where it stands now; see `current` (状态不符).",
        "INVALID_INPUT": "What was given cannot be used; see `field` (输入无效).",
        "CONFLICT": "It has changed in the meantime; see `current` (版本冲突).",
        "COMMAND_MISMATCH": "This commandId was used for other contents (指令不一致).",
        "TOO_LATE": "Its time is over (已过时限).",
        "LIMIT_REACHED": "Not another time (次数已满).",
        "OUTSIDE_AREA": "The place lies outside every grid (超出范围).",
        "SIGN_IN_REQUIRED": "Sign in first (请先登录).",
    },
)
described(
    ContactKind,
    "How the resident was contacted (联系方式).",
    {"CALL": "By telephone (电话).", "VISIT": "By a visit (上门).", "MESSAGE": "By a message (消息)."},
)
described(
    ReturnReason,
    "Why a task is sent back (退单原因).",
    {
        "NOT_MY_PLACE": "It lies elsewhere (不属本网格).",
        "NOT_MY_ITEM": "The item is somebody else's (不属本职责).",
        "NO_AUTHORITY": "It takes another power (无权限办理).",
        "OTHER": "See the note (其他).",
    },
)
described(
    DevicePlatform,
    "What kind of phone (设备平台).",
    {"ANDROID": "Android (安卓).", "IOS": "iOS (苹果).", "WEB": "A browser (浏览器)."},
)
described(
    CommandOutcome,
    "How one command of a batch ended (指令结果).",
    {
        "APPLIED": "Carried out now (已执行).",
        "DUPLICATE": "Had been carried out before; nothing changed (重复).",
        "HELD": "Kept until what it builds on arrives (暂存).",
        "CONFLICT": "The thing has changed in the meantime (冲突).",
        "REJECTED": "Refused; see the refusal (已拒绝).",
    },
)
described(
    Sheet,
    "A sheet of the organisation's file (工作表).",
    {
        "UNITS": "Units (组织).",
        "VILLAGES": "Villages left (原村).",
        "GRIDS": "Grids (网格).",
        "MICRO_GRIDS": "Micro-grids (微网格).",
        "HOUSEHOLDS": "Households (住户).",
        "PERSONS": "Persons (人员).",
        "POSTS": "Posts (任职).",
        "HUBS": "Hubs (中心户).",
        "LINKS": "Links (联户).",
    },
    name="ImportSheet",
)
described(
    What,
    "What a file does to a row (变更).",
    {
        "ADDED": "It is new (新增).",
        "CHANGED": "It changes (变更).",
        "ENDED": "It ends today, or is gone (终止).",
        "KEPT": "It stays as it is, although the file leaves it out or, of a link, has it still (保留).",
    },
    name="ImportChange",
)
described(
    ImportState,
    "How far a file is (导入状态).",
    {
        "UPLOADED": "Parts are there (已上传).",
        "CHECKING": "It is being checked; ask again (检查中).",
        "CHECKED": "The report is there (已检查).",
        "APPLYING": "It is being applied; ask again (应用中).",
        "APPLIED": "What it says is true (已应用).",
        "FAILED": "It could not be done; see the message (失败).",
    },
)
