"""Import-linter (in `run.py check`) sees imports. It does not see a foreign key that is written as a string."""

from django.apps import apps

LAYERS = ["hotline", "responsibility", "tickets", "channels_merge", "evaluation", "supervision"]


def test_foreign_keys_point_down():
    upward = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in LAYERS
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model
        if field.related_model._meta.app_label in LAYERS
        if LAYERS.index(field.related_model._meta.app_label) > LAYERS.index(model._meta.app_label)
    }

    assert upward == set()
