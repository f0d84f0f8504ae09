from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "evaluation"
    verbose_name = "回访与评价"

    def ready(self):
        from channels_merge.selectors import provide_work
        from evaluation import receivers, selectors
        from evaluation.views import counts
        from hotline.context import register_count

        register_count("follow_ups", counts.follow_ups)
        register_count("reviews", counts.decisions)
        for provider in (selectors.follow_ups_to_make, selectors.decisions_to_make):
            provide_work(provider)
