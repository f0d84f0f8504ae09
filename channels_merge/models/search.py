"""The words of appeals, for finding."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F

from channels_merge.models.appeal import Appeal


class SearchEntry(models.Model):
    """The words of an appeal as exact bigram codes, with one scope token per unit that may see its ticket.

    Apart from `Appeal` so that reading an appeal never drags the array along. It narrows; `visible_to` decides.
    """

    appeal = models.OneToOneField(Appeal, models.PROTECT, primary_key=True, related_name="search_entry")
    at = models.DateTimeField()
    codes = ArrayField(models.IntegerField())

    class Meta:
        verbose_name = verbose_name_plural = "检索词"
        indexes = [
            # A full pending list would be flushed inside some agent's save; flat latency is worth the slower insert.
            GinIndex(fields=["codes"], fastupdate=False, name="searchentry_codes"),
            models.Index(F("at").desc(), F("appeal").desc(), name="searchentry_newest"),
        ]

    def __str__(self):
        return str(self.appeal_id)
