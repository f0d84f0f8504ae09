from django.apps import AppConfig


class ResponsibilityConfig(AppConfig):
    name = "responsibility"
    verbose_name = "职责清单"

    def ready(self) -> None:
        from hotline.notice_kinds import register_notice
        from responsibility import receivers

        register_notice("duty_list_asked", text="有一版职责清单送审，请出具意见", url_name="responsibility:duty-list")
        register_notice(
            "duty_list_refused", text="送审的职责清单有一家不同意，已退回修改", url_name="responsibility:duty-list"
        )
        register_notice(
            "duty_list_approved",
            text="送审的职责清单两家都已同意，可以定日期发布",
            url_name="responsibility:duty-list",
        )
