"""Pictures of a visit that were handed in before: looked for once, when they come in, and kept as rows."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from hotline import parameters
from hotline.models import Picture, StoredFile
from hotline.selectors import pictures_like
from tickets.models import Attachment, EarlierUse

NAMED_AT_MOST = 5
"""Earlier uses kept of one picture, those most alike first."""


def find_earlier_uses(attachments: Iterable[Attachment], *, at: datetime) -> None:
    """Keep where each picture was handed in before. It never refuses: people judge (`tickets.selectors.photos`)."""
    bits = parameters.integer("photo_alike_bits", at=at)
    EarlierUse.objects.bulk_create(use for each in attachments for use in _earlier_uses(each, bits=bits))


def _earlier_uses(attachment: Attachment, *, bits: int) -> list[EarlierUse]:
    file = attachment.file
    same = set(
        StoredFile.objects.filter(sha256=file.sha256, pk__lt=file.pk).order_by("-pk").values_list("pk", flat=True)[:20]
    )
    picture = Picture.objects.filter(file=file).first()
    alike = pictures_like(picture, bits=bits) if picture is not None else {}
    # Two pictures of one visit may well look alike; before and after may not be one file.
    earlier = Attachment.objects.filter(
        Q(file__in=same) | Q(file__in=alike.keys() - same) & ~Q(event=attachment.event), pk__lt=attachment.pk
    )
    uses = [
        EarlierUse(
            attachment=attachment,
            earlier_id=pk,
            bits=0 if of in same else alike[of],
            same_bytes=of in same,
        )
        for pk, of in earlier.order_by("-pk").values_list("pk", "file")[: 20 * NAMED_AT_MOST]
    ]
    return sorted(uses, key=lambda use: (not use.same_bytes, use.bits))[:NAMED_AT_MOST]
