from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = "工单"

    def ready(self):
        from hotline.notice_kinds import register_notice
        from tickets import receivers
        from tickets.services.objections import TOLD_DEFINITION, TOLD_STATEMENT
        from tickets.views import counts

        counts.register()
        for kind, text, url_name in (
            (TOLD_STATEMENT, "{number} 有首办异议，请交本单位的书面意见。", "tickets:statement"),
            (TOLD_DEFINITION, "{number} 提请职责界定，请答复。", "tickets:definition"),
        ):
            register_notice(kind, text=text, url_name=url_name)
        register_notice("mediation_asked", text="有一件请本县资源调解", url_name="tickets:ticket")
        register_notice("mediation_waits", text="提出的调解还没有结果", url_name="tickets:ticket")
        register_notice("mediation_recorded", text="调解有了结果", url_name="tickets:ticket")
        register_notice("instructed", text="{number} 有新的批示", url_name="tickets:ticket")
        # It is theirs no longer: there is nothing to open.
        register_notice("recalled", text="{number} 已由市热线中心撤回，本单位不用再办")
        register_notice("return_refused", text="{number} 的退单没有同意，请继续办", url_name="tickets:ticket")
        register_notice("extension_decided", text="{number} 的延期申请有了决定", url_name="tickets:ticket")
        register_notice("handed_over", text="有工单移交给本单位", url_name="tickets:ticket")
        register_notice("auto_dispatch_off", text="事项 {number} 自动派出的退回太多，已自动关闭")
