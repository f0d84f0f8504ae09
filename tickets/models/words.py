"""Columns for what people of the house write about a matter: a person's number is kept with the person alone."""

from typing import Any

from django.db import models

from hotline import masking


class _Masking(models.Field):
    """Of a phone or id number the mask is stored, whoever writes the row. A landline is an office's and stays."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001 -- Django's signature
        """The row in hand says from now on what is stored."""
        stored = self.get_prep_value(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, stored)
        return stored

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return masking.redact_answer(value) if isinstance(value, str) else value

    def deconstruct(self) -> Any:
        """To the database a column of text like any other."""
        name, _path, args, kwargs = super().deconstruct()
        plain = models.TextField if isinstance(self, models.TextField) else models.CharField
        return name, f"django.db.models.{plain.__name__}", args, kwargs


class MaskedText(_Masking, models.TextField):
    pass


class MaskedLine(_Masking, models.CharField):
    pass
