from django.apps import AppConfig


class ChannelsMergeConfig(AppConfig):
    name = "channels_merge"
    verbose_name = "诉求受理"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from channels_merge import receivers
        from channels_merge.views.grid import checks_badge
        from channels_merge.views.lines import lines_badge
        from channels_merge.views.merging import merging_badge
        from channels_merge.views.register import register_badge
        from channels_merge.views.telephone import missed_badge
        from channels_merge.views.workbench import intake_badge
        from hotline.context import register_count
        from hotline.notice_kinds import register_notice
        from hotline.views.dialogs import stay_on

        stay_on("channels_merge:desk")
        register_count("intake", intake_badge)
        register_count("missed_calls", missed_badge)
        register_count("merging", merging_badge)
        register_count("grid_checks", checks_badge)
        register_count("channels", register_badge)
        register_count("lines", lines_badge)
        register_notice("grid_check", text="有一处要您去现场核查", url_name="channels_merge:grid-check")
        register_notice("grid_check_done", text="网格员已上报现场核查", url_name="tickets:ticket")
        register_notice("secret_filed", text="有保密件，请授权派单和办理的人", url_name="tickets:ticket")
        register_notice("urge", text="反映人催办", url_name="tickets:ticket")
        for kind, text in CHANNEL_NOTICES.items():
            register_notice(kind, text=text, url_name="channels_merge:channel")
        register_notice("line_silent", text="{number} 很久没有来件，请看接入是否正常", url_name="channels_merge:line")
        register_notice("missed_call_late", text="漏接的电话到时限还没有人回拨", url_name="channels_merge:missed-call")
        register_notice("outbox_dead", text="有发不出去的消息，请看原因再发")
        for kind, text in MERGE_NOTICES.items():
            register_notice(kind, text=text)
        register_notice("reopen_proposed", text="又有人反映 {number} 的同一件事，建议重开", url_name="tickets:ticket")
        register_notice(
            "withdrawal_proposed", text="{number} 的反映人都已撤回，请决定是否按撤诉办结", url_name="tickets:ticket"
        )
        for kind, text in PHONE_NOTICES.items():
            register_notice(kind, text=text)


CHANNEL_NOTICES = {
    "channel_filed": "有渠道备案等您决定",
    "channel_decided": "渠道备案已有决定",
    "channel_cancelled": "渠道已撤销",
    "channel_ends": "渠道快到撤销日期",
    "channel_review": "渠道年度备案快到期",
    "channel_review_late": "渠道年度备案已超期",
    "channel_still_used": "已撤销的渠道还有人反映，请查公布位置",
}
PHONE_NOTICES = {
    "phone_wrong": "公布的电话核对有误，请在电话台账改正",
    "phone_republish_late": "电话变更后重新公布已超期，请在电话台账办理",
}
MERGE_NOTICES = {
    "merge_switched_off": "系统并单并错太多，已自动关闭，请看并单成效",
    "frequent_caller": "有号码一天内来电多次、没有新内容，请看反复来电",
}
