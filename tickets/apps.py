from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = "工单"

    def ready(self):
        from hotline.notice_kinds import register_notice
        from tickets import receivers
        from tickets.views import counts

        counts.register()
        register_notice("handed_over", text="有工单移交给本单位", url_name="tickets:ticket")
