from django.apps import AppConfig


class ResponsibilityConfig(AppConfig):
    name = "responsibility"
    verbose_name = "职责清单"

    def ready(self) -> None:
        from responsibility import receivers
