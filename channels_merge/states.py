from django.db.models import TextChoices

from tickets.states import Kind


class AppealState(TextChoices):
    RECEIVED = "received", "待受理"
    NEED_INFO = "need_info", "待补充"
    ANSWERED = "answered", "已直接答复"
    TRANSFERRED = "transferred", "已转紧急热线"
    REDIRECTED = "redirected", "已告知法定途径"
    EXPLAINED = "explained", "已解释"
    MALICIOUS = "malicious", "已移交"
    ACCEPTED = "accepted", "已受理"
    WITHDRAWN = "withdrawn", "已撤回"
    RETURNED = "returned", "已退回来件平台"


# Nobody has decided yet what becomes of the appeal.
UNDECIDED_STATES = frozenset({AppealState.RECEIVED, AppealState.NEED_INFO})
# The five branches that end an appeal at intake without a ticket (国办函〔2025〕66号 二), and what goes back to its line.
BRANCH_STATES = frozenset(
    {
        AppealState.ANSWERED,
        AppealState.TRANSFERRED,
        AppealState.REDIRECTED,
        AppealState.EXPLAINED,
        AppealState.MALICIOUS,
        AppealState.RETURNED,
    }
)


class ChannelKind(TextChoices):
    PHONE = "phone", "电话"
    WEB = "web", "网页"
    QR = "qr", "便民码"
    MINI_PROGRAM = "mini_program", "小程序"
    HOTLINE = "hotline", "其他热线"
    PROVINCE = "province", "省平台"
    PETITION = "petition", "信访"
    GRID = "grid", "网格"
    BOARD = "board", "领导留言板"
    OVERSIGHT = "oversight", "互联网+督查"
    WINDOW = "window", "服务窗口"
    MAILBOX = "mailbox", "信箱"
    IMPORT = "import", "批量导入"


class IntakeWay(TextChoices):
    """How what people say to a channel gets here."""

    DESK = "desk", "话务员接听登记"
    PAGE = "page", "网页提交"
    PUSH = "push", "对方接口推送"
    PULL = "pull", "定时去取"
    FILE = "file", "文件导入"
    TYPED = "typed", "工作人员补录"


class ChannelState(TextChoices):
    PROPOSED = "proposed", "拟设"
    FILED = "filed", "已报备"
    APPROVED = "approved", "已核准"
    REFUSED = "refused", "不予开办"
    ACTIVE = "active", "启用"
    ENDING = "ending", "待撤销"
    CANCELLED = "cancelled", "已撤销"


# Appeals of a cancelled channel are taken in all the same; nothing comes from one that was never opened.
HEARD_STATES = frozenset({ChannelState.ACTIVE, ChannelState.ENDING, ChannelState.CANCELLED})


class FilingKind(TextChoices):
    NEW = "new", "新增"
    EXISTING = "existing", "早已设立"
    KEEP = "keep", "保留"
    YEARLY = "yearly", "年度"


class FilingOutcome(TextChoices):
    OPEN = "", "等待决定"
    APPROVED = "approved", "同意"
    REFUSED = "refused", "不同意"


class PhoneStatus(TextChoices):
    USED = "used", "在用"
    WRONG = "wrong", "核对有误"
    STOPPED = "stopped", "停用"


class RepublishKind(TextChoices):
    CHANGED = "changed", "号码变更"
    STOPPED = "stopped", "号码停用"


class MilestoneKind(TextChoices):
    """赣市改字〔2025〕10号 1: 双号并行、统一管理、统一转办."""

    DUAL = "dual", "双号并行"
    MANAGED = "managed", "统一管理"
    DISPATCHED = "dispatched", "统一转办"
    OTHER = "other", "其他"


class PlaceKind(TextChoices):
    """What a 便民码 hangs on."""

    PLACE = "place", "场所"
    UNIT = "unit", "单位"
    CELL = "cell", "网格"
    PROJECT = "project", "工地项目"
    BUS = "bus", "公交"
    LIFT = "lift", "电梯"


class CodeState(TextChoices):
    ACTIVE = "active", "在用"
    MOVED = "moved", "已更换"
    REVOKED = "revoked", "已停用"


# Ways in that another platform keeps, with a number of its own for each matter: they may be plugged in as a `Line`.
PLATFORM_KINDS = frozenset(
    {
        ChannelKind.HOTLINE,
        ChannelKind.PROVINCE,
        ChannelKind.PETITION,
        ChannelKind.GRID,
        ChannelKind.BOARD,
        ChannelKind.OVERSIGHT,
    }
)


# What may be laid down for one platform: code → name.
LINE_LIMITS = {
    "silent": "没有来件提醒",
    "accept": "法定受理",
    **{value: f"法定办理（{label}）" for value, label in Kind.choices},
}


class Gender(TextChoices):
    UNKNOWN = "", "未说明"
    FEMALE = "female", "女"
    MALE = "male", "男"


class InteractionKind(TextChoices):
    NEW = "new", "新诉求"
    URGE = "urge", "催单"
    SUPPLEMENT = "supplement", "补充"
    WITHDRAW = "withdraw", "撤单"
    PROGRESS = "progress", "问进度"
    RATING = "rating", "评价"
    ASKED = "asked", "请补充"


class EmergencyLine(TextChoices):
    POLICE = "110", "110 报警"
    FIRE = "119", "119 消防"
    MEDICAL = "120", "120 急救"
    TRAFFIC = "122", "122 交通事故"
    WATER = "water", "供水抢修"
    POWER = "power", "供电抢修"
    GAS = "gas", "燃气抢修"


class TransferOutcome(TextChoices):
    OPEN = "", "等待接应"
    TAKEN = "taken", "已接走"
    DECLINED = "declined", "未接走"


class LegalRoute(TextChoices):
    """Ways the law lays down; such matters are told where to go (国办函〔2025〕66号 二)."""

    LITIGATION = "litigation", "诉讼"
    ARBITRATION = "arbitration", "仲裁"
    RECONSIDERATION = "reconsideration", "行政复议"
    DISCIPLINE = "discipline", "纪检监察"
    DISCLOSURE = "disclosure", "政府信息公开"
    PETITION = "petition", "已进入信访程序"


class ExplainGround(TextChoices):
    AGAINST_LAW = "against_law", "违反法律法规"
    STATE_SECRET = "state_secret", "涉及国家秘密"
    TRADE_SECRET = "trade_secret", "涉及商业秘密"
    PRIVACY = "privacy", "涉及他人隐私"
    PUBLIC_MORALS = "public_morals", "违背公序良俗"


class ContactWay(TextChoices):
    PHONE = "phone", "电话"
    # The person asked to stay unknown to the unit: an agent connects the two.
    RELAY = "relay", "经 12345 转接"
    VISIT = "visit", "上门"
    MESSAGE = "message", "短信或网络"


class MessageKind(TextChoices):
    """What leaves: the first eleven to a citizen's phone, the others to a line."""

    REGISTERED = "registered", "登记告知"
    NEED_INFO = "need_info", "请补充"
    ANSWERED = "answered", "答复"
    MASS_REPLY = "mass_reply", "多人告知"
    VOIDED = "voided", "作废告知"
    REDIRECTED = "redirected", "告知法定途径"
    EXPLAINED = "explained", "解释"
    HANDED_OVER = "handed_over", "移交告知"
    CLOSED = "closed", "办结告知"
    EXTENDED = "extended", "延期告知"
    DEFERRED = "deferred", "挂账告知"
    STATUS = "status", "进展"
    RESULT = "result", "办理结果"
    RETURN = "return", "退回来件"
    TRANSFER = "transfer", "转接过去"
    RATING = "rating", "回访结果"


class Satisfaction(TextChoices):
    SATISFIED = "satisfied", "满意"
    BASICALLY = "basically", "基本满意"
    DISSATISFIED = "dissatisfied", "不满意"
    NOT_RATED = "not_rated", "未评价"


class Door(TextChoices):
    """How a message of a line comes in."""

    PUSH = "push", "对方推送"
    PULL = "pull", "定时去取"
    FOLDER = "folder", "交换文件夹"


class LineEvent(TextChoices):
    """What a message of a line is about."""

    APPEAL = "appeal", "新诉求"
    SUPPLEMENT = "supplement", "补充"
    URGE = "urge", "催单"
    WITHDRAW = "withdraw", "撤单"
    RATING = "rating", "评价"
    OUTCOME = "outcome", "接不接"
    ACKNOWLEDGE = "acknowledge", "收到回执"
    UNKNOWN = "", "看不懂"


class InboundState(TextChoices):
    WAITING = "waiting", "等着处理"
    DONE = "done", "已入池"
    PARKED = "parked", "搁置"
    DISMISSED = "dismissed", "不再处理"


class ParkedFor(TextChoices):
    """Why a message of a line could not be taken in. What each one asks for is on the page."""

    NONE = "", "—"
    NOT_READ = "not_read", "内容读不出"
    SHEET = "sheet", "表格没有读"
    NOT_COMPLETE = "not_complete", "字段不对或缺少"
    CONFLICT = "conflict", "同一编号内容不同"
    NO_APPEAL = "no_appeal", "原诉求没有到"
    REFUSED = "refused", "不能办理"
    FAULT = "fault", "处理时出错"


class CodeKind(TextChoices):
    CATEGORY = "category", "事项"
    REGION = "region", "地区"


class FirstCalled(TextChoices):
    """Which platform the person rang first. It registers first when the two do not agree (国办发〔2022〕12号)."""

    UNSAID = "", "没有说明"
    US = "us", "先打 12345"
    THEM = "them", "先打对方"


class PetitionState(TextChoices):
    REGISTERED = "registered", "已登记"
    ACCEPTED = "accepted", "已受理"
    HANDLING = "handling", "办理中"
    ANSWERED = "answered", "已答复"
    REVIEW = "review", "复查复核中"
    SETTLED = "settled", "已化解"
    ENDED = "ended", "已终结"
    REFUSED = "refused", "不予受理"


# In a petition procedure (国办函〔2025〕66号 二): not over there yet.
OPEN_PETITION_STATES = frozenset(
    {
        PetitionState.REGISTERED,
        PetitionState.ACCEPTED,
        PetitionState.HANDLING,
        PetitionState.ANSWERED,
        PetitionState.REVIEW,
    }
)


class MatchGround(TextChoices):
    ID = "id", "同一证件号"
    STORY_ID = "story_id", "同正文中的证件号"
    PHONE = "phone", "同一号码"
    TEXT = "text", "内容相近"


class MatchState(TextChoices):
    PROPOSED = "proposed", "待核对"
    CONFIRMED = "confirmed", "是同一件"
    REFUSED = "refused", "不是同一件"


class GridCheckState(TextChoices):
    OPEN = "open", "等待核查"
    DONE = "done", "已核查"
    CALLED_OFF = "called_off", "已取消"


class GridFinding(TextChoices):
    YES = "yes", "属实"
    PARTLY = "partly", "部分属实"
    NO = "no", "不属实"
