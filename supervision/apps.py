from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    name = "supervision"
    verbose_name = "督办"

    def ready(self):
        from hotline.context import register_count
        from hotline.notice_kinds import register_notice
        from supervision import receivers
        from supervision.views import counts

        register_count("wall", counts.wall)
        register_count("joint", counts.joint)
        for kind, text in (
            ("reminder", "{number} 快到时限，催办。"),
            ("yellow", "{number} 办理时限不到一个工作日，黄牌。"),
            ("red", "{number} 已到时限没有办完，红牌。"),
            ("overdue", "{number} 仍在超期。"),
        ):
            register_notice(f"card_{kind}", text=text, url_name="tickets:ticket")
        for kind, text, url_name in (
            ("accept_overdue", "来件 {number} 已过受理时限，仍未受理。", "channels_merge:progress"),
            ("citizen_soon", "{number} 对群众承诺的时限快到了，还没有答复。", "tickets:ticket"),
            ("citizen_overdue", "{number} 已过对群众承诺的时限，还没有答复。", "tickets:ticket"),
            ("objection_late", "{number} 的首办异议已过协调裁定或职责界定的时限，请协调裁定。", "tickets:objection"),
            ("statement_late", "{number} 的首办异议，本单位的书面意见已过时限没有交。", "tickets:statement"),
            (
                "definition_late",
                "{number} 提请的职责界定已过时限，请答复；市热线中心可以不等答复裁定。",
                "tickets:definition",
            ),
            ("decision_overdue", "{number} 的不满意件已过复核时限，仍未决定。", "tickets:ticket"),
        ):
            register_notice(kind, text=text, url_name=url_name)
