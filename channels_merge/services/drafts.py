"""What somebody typed and has not sent: encrypted on the server, so that a closed tab loses nothing."""

import json
from datetime import datetime, timedelta

from django.db import transaction

from channels_merge.models import Appeal, Draft
from hotline import crypto, parameters
from hotline.errors import DomainError
from hotline.models import User

LARGEST = 40_000


class DraftRefused(DomainError):
    pass


@transaction.atomic
def save_draft(*, key: str, content: dict[str, str], by: User, at: datetime) -> Draft:
    """The last save wins; the same key of the same person is the same draft.

    A save that comes after its call was registered is refused: a registered call leaves no draft behind.
    """
    plain = json.dumps(content, ensure_ascii=False)
    if len(plain) > LARGEST:
        raise DraftRefused("草稿太长，没有存下。")
    if not 1 <= len(key) <= 60 or not key.isprintable():
        raise DraftRefused("草稿没有存下：页面标识不对，请刷新页面。")
    hold_drafts(by)
    if Appeal.objects.filter(source_number=key, channel__is_machine=False, received_by=by).exists():
        raise DraftRefused("这一通已经登记，不再存草稿。")
    expires_at = at + timedelta(days=parameters.integer("draft_days", at=at))
    draft, _ = Draft.objects.get_or_create(
        owner=by,
        key=key,
        defaults={"content_cipher": "", "started_at": at, "saved_at": at, "expires_at": expires_at},
    )
    draft.content_cipher = crypto.encrypt(plain, draft.aad)
    draft.saved_at, draft.expires_at = at, expires_at
    draft.save(update_fields=["content_cipher", "saved_at", "expires_at"])
    return draft


def restore_draft(*, key: str, by: User, at: datetime) -> dict[str, str]:
    """What was typed; empty when there is no such draft of this person."""
    draft = Draft.objects.filter(owner=by, key=key, expires_at__gt=at).first()
    return {} if draft is None else draft.content


@transaction.atomic
def discard_draft(*, key: str, by: User) -> None:
    """Also what a save that is under way is about to write."""
    hold_drafts(by)
    Draft.objects.filter(owner=by, key=key).delete()


def hold_drafts(owner: User) -> None:
    """Until the end of the transaction this person's drafts are saved and discarded by nobody else. Held before anything else."""
    User.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=owner.pk)


def expire_drafts(*, at: datetime) -> int:
    deleted, _ = Draft.objects.filter(expires_at__lte=at).delete()
    return deleted
