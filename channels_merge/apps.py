from django.apps import AppConfig


class ChannelsMergeConfig(AppConfig):
    name = "channels_merge"
    verbose_name = "诉求受理"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from channels_merge import receivers
