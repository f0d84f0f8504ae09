from django.apps import AppConfig


class ChannelsMergeConfig(AppConfig):
    name = "channels_merge"
    verbose_name = "诉求受理"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from channels_merge import receivers
        from channels_merge.views.workbench import intake_badge
        from hotline.context import register_count
        from hotline.notice_kinds import register_notice

        register_count("intake", intake_badge)
        register_notice("urge", text="反映人催办", url_name="tickets:ticket")
