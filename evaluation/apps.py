from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "evaluation"
    verbose_name = "回访与评价"

    def ready(self):
        from evaluation import receivers
        from evaluation.views import counts
        from hotline.context import register_count

        register_count("follow_ups", counts.follow_ups)
        register_count("reviews", counts.decisions)
