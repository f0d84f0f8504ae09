"""Act code → the Chinese sentence head of the timeline, and whether the citizen's own page shows it.

Used by the page, the print-out, the public progress and the refusal that says who was faster.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sentence:
    label: str
    public: str = ""
    """What the citizen reads instead; empty when the act is internal."""
    tone: str = ""
    """Colour of the mark: work, due, over, done, or empty for a plain one."""


ACTS: dict[str, Sentence] = {
    "register": Sentence("建单", "", "work"),
    "revise": Sentence("更正登记内容"),
    "ask_information": Sentence("要求补充情况", "请您补充情况", "work"),
    "give_information": Sentence("补充情况", "收到您补充的情况", "work"),
    "dispatch": Sentence("派单", "派给{unit}", "work"),
    "add_co_unit": Sentence("加派协办", "请{unit}一起办", "work"),
    "recall": Sentence("中心撤回派单", "12345 收回，重新确定办理单位", "work"),
    "answer_by_centre": Sentence("中心直接答复", "12345 给出答复", "done"),
    "refer_to_ruling": Sentence("提交裁定"),
    "sign": Sentence("签收", "{unit}已签收", "work"),
    "request_return": Sentence("申请退单"),
    "refuse_return": Sentence("不同意退单"),
    "grant_return": Sentence("同意退单"),
    "dispute_return": Sentence("退单有争议，提交裁定"),
    "rule_first_handler": Sentence("裁定首办", "由{unit}负责办理", "work"),
    "raise_objection": Sentence("提出首办异议"),
    "withdraw_objection": Sentence("撤回异议"),
    "ask_statements": Sentence("征求书面意见"),
    "give_statement": Sentence("提交书面意见"),
    "record_meeting": Sentence("会商"),
    "ask_definition": Sentence("提请职责界定"),
    "answer_definition": Sentence("答复职责界定"),
    "keep_first_handler": Sentence("裁定维持首办"),
    "change_first_handler": Sentence("裁定改由他单位首办", "改由{unit}负责办理", "work"),
    "name_next_handler": Sentence("裁定以后由他单位负责，本件由原单位办完"),
    "propose_item": Sentence("办结无异议，提请纳入职责清单"),
    "rule_not_government": Sentence("裁定不由政府办理"),
    "pass_down": Sentence("转派", "交{unit}办理", "work"),
    "take_back_child": Sentence("收回下级承办"),
    "name_handler": Sentence("更换经办人"),
    "record_contact": Sentence("联系反映人", "与您联系", "work"),
    "record_onsite": Sentence("现场核实", "到现场核实", "work"),
    "ask_mediation": Sentence("提出调解", "请调解组织一起化解", "work"),
    "record_mediation": Sentence("调解结果", "", "work"),
    "request_extension": Sentence("申请延期"),
    "grant_extension": Sentence("同意延期", "办理期限延长", "due"),
    "grant_extension_below": Sentence("同意下级单位延期"),
    "refuse_extension": Sentence("不同意延期"),
    "lapse_extension": Sentence("延期逾时未批，视为不同意"),
    "note": Sentence("内部批注"),
    "instruct": Sentence("批示"),
    "report_as_co": Sentence("提交协办意见"),
    "submit_result": Sentence("提交办理结果", "{unit}办完，正在审核", "work"),
    "approve": Sentence("审核通过"),
    "publish_reply": Sentence("答复审定", "办理结果已审定", "done"),
    "send_back": Sentence("审核退回", "结果不够，退回再办", "due"),
    "defer": Sentence("挂账", "需要较长时间，已登记在册", "due"),
    "keep_deferred": Sentence("挂账复核", "已复核，继续登记在册", "due"),
    "conclude_deferred": Sentence("办结挂账", "不再登记在册，给出答复", "work"),
    "resume": Sentence("恢复办理", "继续办理", "work"),
    "redo": Sentence("发回重办", "发回重新办理", "due"),
    "await_review": Sentence("提交审核"),
    "close": Sentence("办结", "办结", "done"),
    "close_as_withdrawn": Sentence("按撤诉办结", "按您的意思办结", "done"),
    "reopen": Sentence("重新打开", "重新打开", "due"),
    "void": Sentence("作废", "这张单作废"),
    "restore": Sentence("恢复", "这张单恢复办理", "work"),
    "merge": Sentence("并入其他工单"),
    "move_along": Sentence("随所并工单一起并入"),
    "take_in": Sentence("并入 1 件"),
    "unmerge": Sentence("拆回"),
    "let_out": Sentence("拆出 1 件"),
    "hand_over": Sentence("移交", "改由{unit}办理", "work"),
    "place_hold": Sentence("加保留"),
    "release_hold": Sentence("解除保留"),
    "restrict_ticket": Sentence("设为保密"),
    "lift_restriction": Sentence("解除保密"),
    "grant_access": Sentence("授权知悉"),
    "propose_withdrawal": Sentence("反映人都已撤回，建议按撤诉办结"),
    "clock_moved": Sentence("工作日历校订，时限调整", "办理期限按新的工作日历调整"),
}
