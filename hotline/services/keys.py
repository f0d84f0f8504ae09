"""Proving at start that the field keys are the ones the rows were written with."""

from django.db import transaction

from hotline import crypto
from hotline.errors import DomainError
from hotline.models import CryptoSentinel


class KeysChanged(DomainError):
    pass


@transaction.atomic
def prove_keys() -> None:
    """Open every seal with the keys given now, and seal a key that is used for the first time.

    Raises KeysChanged when a seal does not open: writing on would make rows that cannot be found or read together.
    """
    for seal in CryptoSentinel.objects.order_by("pk"):
        if not crypto.is_seal_of(seal.ciphertext, seal.index_check):
            raise KeysChanged(
                f"HOTLINE_FIELD_KEYS 或 HOTLINE_INDEX_KEY 与已有数据不符（密钥“{seal.key_id}”）。"
                "请使用原来的密钥；更换密钥时保留旧密钥，把新密钥加在最后。"
            )
    key_id, ciphertext, index_check = crypto.seal()
    CryptoSentinel.objects.get_or_create(
        key_id=key_id, defaults={"ciphertext": ciphertext, "index_check": index_check}
    )
