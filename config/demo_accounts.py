"""Who can log in to the demonstration: `load_demo` makes these accounts, the supervisor prints them."""

PASSWORD = "minyi-demo-2026"  # noqa: S105 -- printed on purpose, for people who try the system
# Staff number -> what the person does there.
ACCOUNTS = {
    "1001": "话务员",
    "1101": "派单员",
    "2001": "市直部门联络员",
    "3001": "县级分中心",
    "3101": "乡镇承办人",
    "1201": "回访员",
    "1301": "复核员",
    "9001": "管理员",
}


def accounts_line() -> str:
    people = "、".join(f"{number} {role}" for number, role in ACCOUNTS.items())
    return f"演示账号：{people}；密码均为 {PASSWORD}"
