"""The accounts that the ready line names. `load_demo` makes them, all with one password of this installation."""

NOTE = "demonstration.json"
"""Where the supervisor keeps, below the state folder, how far the loading got and that password."""

ACCOUNTS = {
    "agent1": "话务员",
    "dispatcher1": "派单员",
    "reviewer1": "审核员",
    "chief1": "热线中心负责人",
    "followup1": "回访员",
    "county1": "章贡区中心",
    "liaison1": "章贡区城管局联络员",
    "handler1": "章贡区城管局经办人",
    "head1": "章贡区城管局负责人",
    "township1": "章江街道",
    "channels1": "渠道管理员",
    "petition1": "信访专员",
    "grid1": "网格员（手机）",
    "leader1": "领导",
    "admin1": "系统管理员",
    "security1": "安全管理员",
    "audit1": "审计管理员",
    "legal1": "清单合法性审核人",
    "staffing1": "清单职责审核人",
}


def accounts_line(password: str) -> str:
    people = "、".join(f"{username} {role}" for username, role in ACCOUNTS.items())
    return f"演示账号：{people}；口令均为 {password}"
