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
        for kind, text in (
            ("reminder", "{number} 快到时限，催办。"),
            ("yellow", "{number} 办理时限不到一个工作日，黄牌。"),
            ("red", "{number} 已到时限没有办完，红牌。"),
            ("overdue", "{number} 仍在超期。"),
        ):
            register_notice(f"card_{kind}", text=text, url_name="tickets:ticket")
