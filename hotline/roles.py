"""Roles are bundles of named permissions; who has what is tested in tests/hotline/test_people.py. Groups carry the role's code as name.

A right is a permission and a standing: what a role may do it may do to the matters of its own unit, which the rooms check.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Role:
    code: str
    name: str
    permissions: tuple[str, ...]


_HANDLING: Final = (
    "tickets.sign_ticket",
    "tickets.handle_ticket",
    "tickets.visit_onsite",
    "tickets.give_information",
    "tickets.remark_ticket",
    "tickets.print_ticket",
    "tickets.export_tickets",
    "channels_merge.reveal_contact",
)
_LEADING: Final = (
    "responsibility.view_duty_lists",
    "tickets.approve_result",
    "tickets.instruct_ticket",
    "tickets.view_subtree_tickets",
    "evaluation.view_figures",
    "supervision.view_wall",
)
_CENTRE: Final = (
    "responsibility.view_duty_lists",
    "responsibility.view_routing",
    "tickets.view_all_tickets",
    "tickets.remark_ticket",
    "tickets.print_ticket",
    "tickets.export_tickets",
    "channels_merge.reveal_contact",
    "channels_merge.search_people",
    "channels_merge.search_tail",
    "evaluation.view_figures",
    "supervision.view_wall",
)
# Pages of the management site. Business rows are not among them: administrators see no matter and no citizen.
# GB/T 22239-2019 (三级) 安全管理: who keeps the system, who gives rights, and who reads what both did are three people.
_MANAGED: Final = tuple(
    f"hotline.{verb}_{model}"
    for model, verbs in {
        "unit": ("view", "add", "change"),
        "user": ("view", "add", "change"),
        "region": ("view",),
        "calendaryear": ("view",),
        "calendarday": ("view",),
        "workinterval": ("view",),
        "parameter": ("view", "add"),
    }.items()
    for verb in verbs
)

_ROLES: Final = (
    Role(
        "agent",
        "话务员",
        (
            "channels_merge.use_desk",
            "channels_merge.accept_appeal",
            "channels_merge.link_appeal",
            "channels_merge.search_people",
            "channels_merge.search_tail",
            "channels_merge.reveal_contact",
            "channels_merge.read_progress",
            "tickets.view_public_progress",
            "tickets.give_information",
        ),
    ),
    Role(
        "dispatcher",
        "派单员",
        (
            *_CENTRE,
            "channels_merge.accept_appeal",
            "channels_merge.link_appeal",
            "channels_merge.review_merges",
            "responsibility.try_routing",
            "tickets.dispatch_ticket",
            "tickets.recall_ticket",
            "tickets.decide_return",
            "tickets.give_information",
            "tickets.merge_ticket",
            "tickets.void_ticket",
            "channels_merge.view_petitions",
            "channels_merge.view_grid",
        ),
    ),
    Role(
        "liaison",
        "联络员",
        (
            *_HANDLING,
            "tickets.pass_down_ticket",
            "tickets.view_subtree_tickets",
            "supervision.view_wall",
            "channels_merge.propose_channel",
            "channels_merge.view_grid",
            "responsibility.view_duty_lists",
        ),
    ),
    Role("handler", "经办人", _HANDLING),
    Role(
        "unit_head",
        "单位负责人",
        (
            *_HANDLING,
            *_LEADING,
            "tickets.pass_down_ticket",
            "channels_merge.propose_channel",
            "channels_merge.view_grid",
        ),
    ),
    Role(
        "county_centre",
        "县级热线中心工作人员",
        (
            *_HANDLING,
            *_LEADING,
            "tickets.pass_down_ticket",
            "tickets.hand_over",
            "tickets.decide_return",
            "tickets.decide_extension",
            "responsibility.manage_resources",
            "channels_merge.propose_channel",
            "channels_merge.view_grid",
        ),
    ),
    Role(
        "follow_up_agent",
        "回访员",
        (
            "tickets.view_followup_tickets",
            # The number of the call at hand comes with the call; no other caller is opened, no other matter found.
            "evaluation.follow_up",
        ),
    ),
    Role(
        "reviewer",
        "审核员",
        (
            *_CENTRE,
            "tickets.recall_ticket",
            "tickets.review_completion",
            "tickets.instruct_ticket",
            "tickets.decide_return",
            "tickets.decide_extension",
            "tickets.rule_dispute",
            "tickets.close_ticket",
            "tickets.void_ticket",
            "tickets.merge_ticket",
            "tickets.hold_ticket",
            "tickets.restrict_ticket",
            "tickets.hand_over",
            "evaluation.decide_review",
            "supervision.view_joint",
            "channels_merge.hear_recording",
            "channels_merge.view_petitions",
            "channels_merge.read_petitions",
            "channels_merge.decide_petition_match",
            "channels_merge.manage_merging",
        ),
    ),
    # Whoever answers for the city's centre, and alone gives time a second time.
    Role("centre_head", "热线中心负责人", (*_CENTRE, "tickets.extend_again", "tickets.instruct_ticket")),
    # 赣市改字〔2025〕10号 2: the person at the centre with whom channels are filed.
    Role(
        "channel_manager",
        "渠道管理员",
        (
            "channels_merge.view_register",
            "channels_merge.manage_channels",
            "channels_merge.issue_channel_key",
            "channels_merge.manage_codes",
            "channels_merge.manage_lines",
            "channels_merge.manage_seats",
            "channels_merge.view_petitions",
            "channels_merge.manage_petitions",
            "channels_merge.view_grid",
            "channels_merge.manage_grid",
        ),
    ),
    # 赣市改字〔2025〕10号 3: whoever keeps the matters of a petition office and sends them here.
    Role(
        "petition_officer",
        "信访专员",
        ("channels_merge.view_petitions", "channels_merge.read_petitions", "channels_merge.manage_petitions"),
    ),
    # 赣市改字〔2025〕10号 17: goes where a township sends, with a phone; sees what is to be looked at, not the ticket.
    Role(
        "grid_worker",
        "网格员",
        ("channels_merge.do_grid_check", "channels_merge.view_grid_standard", "tickets.visit_onsite"),
    ),
    # 赣市改字〔2025〕10号 8: whoever says for 司法局 and 编办 that a duty list may be published.
    Role(
        "legal_reviewer", "清单合法性审核人", ("responsibility.view_duty_lists", "responsibility.give_legal_opinion")
    ),
    Role(
        "staffing_reviewer",
        "清单职责审核人",
        ("responsibility.view_duty_lists", "responsibility.give_staffing_opinion"),
    ),
    Role("leader", "领导", ("evaluation.view_figures", "supervision.view_wall", "channels_merge.view_register")),
    Role(
        "administrator",
        "系统管理员",
        (
            "hotline.administer_parameters",
            *_MANAGED,
            "responsibility.view_duty_lists",
            "responsibility.edit_duty_list",
            "responsibility.publish_duty_list",
            "responsibility.view_routing",
            "responsibility.choose_routing_model",
            "responsibility.manage_resources",
            "responsibility.try_routing",
            "responsibility.automate_items",
            *(
                f"responsibility.{verb}_{model}"
                for model in ("category", "governance")
                for verb in ("view", "add", "change")
            ),
        ),
    ),
    Role("security_administrator", "安全管理员", ("hotline.view_user", "hotline.assign_roles")),
    Role("audit_administrator", "审计管理员", ("hotline.view_securitylog", "hotline.view_security_log")),
)
ADMINISTRATORS: Final = ("administrator", "security_administrator", "audit_administrator")
"""Each stands alone: whoever holds one holds no other role."""

ROLES: Final[dict[str, Role]] = {role.code: role for role in _ROLES}


def role_name(code: str) -> str:
    return ROLES[code].name if code in ROLES else code
