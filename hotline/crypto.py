"""Encryption of direct identifiers: SM4-GCM at rest, keyed SM3 blind indexes.

A ciphertext is `key id:base64(nonce + ciphertext + tag)` and opens only with the same `aad`, so that a value copied into another
row or column is refused. Software ciphers alone do not pass a cryptography assessment (GB/T 39786); a certified module
goes behind these four functions.
"""

import os
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC
from django.conf import settings

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
SENTINEL: Final = "民意速办"
SENTINEL_AAD: Final = "hotline.sentinel"


class CannotDecrypt(Exception):
    """The key is unknown or wrong, or the value does not belong to this place. Never shown to a user."""


class KeysMisconfigured(Exception):
    """HOTLINE_FIELD_KEYS or HOTLINE_INDEX_KEY is not usable. Stops the start."""


@lru_cache(maxsize=4)
def _read_keys(pairs: tuple[tuple[str, str], ...]) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for key_id, digits in pairs:
        try:
            key = bytes.fromhex(digits)
        except ValueError:
            key = b""
        if len(key) != 16 or not key_id or ":" in key_id:
            raise KeysMisconfigured(f"HOTLINE_FIELD_KEYS 中的密钥“{key_id}”无效，应为 编号=32位十六进制数。")
        keys[key_id] = key
    if not keys:
        raise KeysMisconfigured("未设置 HOTLINE_FIELD_KEYS，无法加密个人信息。")
    return keys


def _keys() -> dict[str, bytes]:
    return _read_keys(tuple(settings.HOTLINE_FIELD_KEYS.items()))


@lru_cache(maxsize=4)
def _read_index_key(digits: str) -> bytes:
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise KeysMisconfigured("HOTLINE_INDEX_KEY 无效，应为64位十六进制数。")
    return key


def current_key_id() -> str:
    """The key that writes: the last of HOTLINE_FIELD_KEYS. The others only read."""
    return list(_keys())[-1]


def encrypt(text: str, aad: str, *, key_id: str | None = None) -> str:
    """Ciphertext of `text`, bound to `aad` (where it will stand: model, field and row)."""
    key_id = key_id or current_key_id()
    nonce = os.urandom(NONCE_BYTES)
    encryptor = Cipher(SM4(_keys()[key_id]), GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(f"{key_id}|{aad}".encode())
    body = encryptor.update(text.encode()) + encryptor.finalize()
    return f"{key_id}:{b64encode(nonce + body + encryptor.tag).decode()}"


def decrypt(ciphertext: str, aad: str) -> str:
    """The text again. Raises CannotDecrypt for a foreign key, a changed value or another `aad`."""
    key_id, _, encoded = ciphertext.partition(":")
    try:
        key, data = _keys()[key_id], b64decode(encoded, validate=True)
    except (KeyError, Base64Error) as exc:
        raise CannotDecrypt(f"no key {key_id!r}, or not a ciphertext") from exc
    if len(data) < NONCE_BYTES + TAG_BYTES:
        raise CannotDecrypt("too short for a ciphertext")
    nonce, body, tag = data[:NONCE_BYTES], data[NONCE_BYTES:-TAG_BYTES], data[-TAG_BYTES:]
    decryptor = Cipher(SM4(key), GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(f"{key_id}|{aad}".encode())
    try:
        return (decryptor.update(body) + decryptor.finalize()).decode()
    except InvalidTag as exc:
        raise CannotDecrypt(f"key {key_id!r} does not open this value here") from exc


def blind_index(value: str, purpose: str) -> str:
    """HMAC-SM3 of a normalised value, 64 hex digits: equal values meet, nothing else can be read from it.

    `purpose` keeps the index of whole numbers apart from that of last four digits, and so on.
    """
    mac = HMAC(_read_index_key(settings.HOTLINE_INDEX_KEY), SM3())
    mac.update(f"{purpose}|{value}".encode())
    return mac.finalize().hex()


def seal() -> tuple[str, str, str]:
    """(key id, sentinel ciphertext, index check) for the key that writes."""
    return current_key_id(), encrypt(SENTINEL, SENTINEL_AAD), blind_index(SENTINEL, SENTINEL_AAD)


def is_seal_of(ciphertext: str, index_check: str) -> bool:
    """Whether the keys given now are those that made this seal."""
    try:
        opened = decrypt(ciphertext, SENTINEL_AAD) == SENTINEL
    except CannotDecrypt:
        return False
    return opened and blind_index(SENTINEL, SENTINEL_AAD) == index_check
