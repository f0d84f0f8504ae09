"""The candidate index of merging: which appeals of the last weeks have a pair of characters."""

from django.db import models
from django.db.models import F, Q

from channels_merge.models.appeal import Appeal


class PostingSegment(models.Model):
    """A stretch of time whose appeals are in posting rows. Small ones are joined into larger, old ones dropped whole."""

    appeals = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    newest = models.BigIntegerField()
    """The highest id of its appeals: posting rows keep the last 23 bits of ids only."""

    class Meta:
        verbose_name = verbose_name_plural = "并单索引段"
        constraints = [
            models.CheckConstraint(condition=Q(last_at__gte=F("first_at")), name="postingsegment_ends_after_it_began"),
        ]

    def __str__(self):
        return f"{self.first_at:%Y-%m-%d} – {self.last_at:%Y-%m-%d}（{self.appeals}）"


class Posting(models.Model):
    """The appeals of a segment whose opening has a pair; packed as in `channels_merge.matching.retrieval`."""

    pk = models.CompositePrimaryKey("segment_id", "gram")
    # Segments and their rows are written and deleted together by one service; a check per row would double its time.
    segment = models.ForeignKey(
        PostingSegment, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    gram = models.IntegerField()
    appeals = models.BinaryField()

    class Meta:
        verbose_name = verbose_name_plural = "并单索引"

    def __str__(self):
        return f"{self.segment_id} {self.gram}"


class FreshPosting(models.Model):
    """The pairs of an appeal that is in no segment yet: written with the appeal, so it is found at once."""

    appeal = models.OneToOneField(Appeal, models.PROTECT, primary_key=True, related_name="+")
    at = models.DateTimeField()
    words = models.BinaryField()

    class Meta:
        verbose_name = verbose_name_plural = "并单索引（新件）"

    def __str__(self):
        return str(self.appeal_id)


class GramBackground(models.Model):
    """How common grams are: the ground of every weight. The last row holds; it is renewed only on purpose."""

    made_at = models.DateTimeField()
    matters = models.PositiveIntegerField()
    grams = models.BinaryField()
    shares = models.BinaryField()

    class Meta:
        verbose_name = verbose_name_plural = "常用字词"

    def __str__(self):
        return f"{self.made_at:%Y-%m-%d}（{self.matters}）"
