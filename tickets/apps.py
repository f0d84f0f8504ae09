from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = "工单"

    def ready(self):
        from tickets import receivers
        from tickets.views import counts

        counts.register()
