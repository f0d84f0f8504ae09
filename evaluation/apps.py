from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "evaluation"
    verbose_name = "回访与评价"

    def ready(self):
        from channels_merge.selectors import provide_work
        from evaluation import receivers, selectors
        from evaluation.views import counts
        from hotline.context import register_count
        from hotline.notice_kinds import register_notice

        register_count("follow_ups", counts.follow_ups)
        register_count("reviews", counts.decisions)
        for provider in (selectors.follow_ups_to_make, selectors.decisions_to_make, selectors.callers_to_name):
            provide_work(provider)
        register_notice(
            "caller_wanted",
            text="保密件 {number} 等待回访，还没有回访员可以看到，请授权一位回访员。",
            url_name="tickets:ticket",
        )
