"""Choices of the room and the names of the lines of work."""

from django.db import models


class ListState(models.TextChoices):
    """A published version stays published when the next one takes over: `effective_until` says that it is over."""

    DRAFT = "draft", "草稿"
    REVIEW = "review", "征求意见"
    APPROVED = "approved", "已审定"
    PUBLISHED = "published", "已发布"
    DROPPED = "dropped", "已作废"


UNPUBLISHED = (ListState.DRAFT, ListState.REVIEW, ListState.APPROVED)


class Office(models.TextChoices):
    """Whose opinion a version needs: 国办函〔2025〕66号 (五) lets staffing and justice define a duty that is not clear."""

    LEGAL = "legal", "司法局合法性意见"
    STAFFING = "staffing", "编办职责意见"


class ItemAct(models.TextChoices):
    ADD = "add", "新增"
    CHANGE = "change", "修改"
    REMOVE = "remove", "删除"
    COMMENT = "comment", "意见"


class ProposalState(models.TextChoices):
    PENDING = "pending", "待处理"
    TAKEN = "taken", "已纳入草稿"
    DISMISSED = "dismissed", "不纳入"


class Level(models.TextChoices):
    """Who leads: a city unit, or a unit of the county that governs the place."""

    CITY = "city", "市级主责"
    COUNTY = "county", "县级主责"


class ResourceKind(models.TextChoices):
    """Whose strength a county brings together with its hotline (赣市改字〔2025〕10号 第5条)."""

    GOVERNANCE = "governance", "综治中心"
    MEDIATION = "mediation", "人民调解"
    SOCIAL_WORK = "social_work", "社会工作"
    JUDICIAL = "judicial", "司法所"
    LEGAL_AID = "legal_aid", "法律援助"
    OTHER = "other", "其他"


class TownshipRole(models.TextChoices):
    """Anything but ``NONE`` needs the matter in the township's own published list of duties."""

    # 国办函〔2025〕66号 (五): 应由职能部门办理的事项不得向基层派单
    NONE = "none", "不派"
    ASSIST = "assist", "协助"
    LEAD = "lead", "主责"


class Route(models.TextChoices):
    """Whether a matter is handled by a unit or the person told which way the law lays down (国办函〔2025〕66号 二)."""

    HANDLE = "handle", "派单办理"
    LEGAL = "legal_route", "告知法定途径"


class Outcome(models.TextChoices):
    """What became of a proposal: the memory the router is measured and trained by."""

    DISPATCHED = "dispatched", "已派出"
    # What the system did by itself teaches it nothing: nobody confirmed it.
    AUTOMATIC = "automatic", "自动派出"
    RETURNED = "returned", "退单获准"
    RULED = "ruled", "裁定首办"
    RECALLED = "recalled", "派错收回"


DISPATCHED = (Outcome.DISPATCHED, Outcome.AUTOMATIC)
"""By a dispatcher or by itself."""


class ModelAct(models.TextChoices):
    """What decided which model the router asks: the nightly comparison, or a person."""

    ADOPT = "adopt", "自动启用"
    DECLINE = "decline", "没有启用"
    CHOOSE = "choose", "人工启用"
    STOP = "stop", "停用"


class AppealKind(models.TextChoices):
    CONSULT = "consult", "咨询"
    HELP = "help", "求助"
    COMPLAINT = "complaint", "投诉"
    REPORT = "report", "举报"
    SUGGEST = "suggest", "建议"
    PRAISE = "praise", "表扬"


FUNCTIONS = {
    "urban_management": "城市管理",
    "housing": "住房和城乡建设",
    "ecology": "生态环境",
    "market_supervision": "市场监管",
    "traffic_police": "交通警察",
    "public_security": "公安",
    "transport": "交通运输",
    "education": "教育",
    "human_resources": "人力资源和社会保障",
    "medical_insurance": "医疗保障",
    "health": "卫生健康",
    "civil_affairs": "民政",
    "natural_resources": "自然资源",
    "agriculture": "农业农村",
    "water": "水利",
    "water_supply": "供水",
    "power_supply": "供电",
    "gas_supply": "燃气",
    "public_transit": "公共交通",
    "culture_tourism": "文化和旅游",
    "emergency": "应急管理",
    "fire": "消防救援",
    "forestry": "林业",
    "justice": "司法行政",
    "tax": "税务",
    "housing_fund": "住房公积金",
    "veterans": "退役军人事务",
    "commerce": "商务",
    "development_reform": "发展和改革",
    "administrative_approval": "行政审批和政务服务",
    "communication": "通信管理",
    "postal": "邮政管理",
    "petition": "信访",
    "disabled": "残疾人工作",
    "industry": "工业和信息化",
    "finance": "财政金融",
    "urban_investment": "城市投资建设",
    "property": "住房保障和物业服务",
    "highway": "公路养护",
    "financial_supervision": "金融监管",
    "science": "科学技术",
    "sports": "体育",
    "religion": "民族宗教事务",
    "state_assets": "国有资产监管",
    "weather": "气象",
    "tobacco": "烟草专卖",
    "union": "工会",
    "women": "妇女联合会",
    "mobile_operator": "移动通信",
    "telecom_operator": "电信",
    "unicom_operator": "联通",
    "cable_operator": "有线电视",
}
"""Lines of work by the slug that units and duty items share, with the word a dispatcher reads."""
