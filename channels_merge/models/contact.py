"""The people behind appeals: direct identifiers, encrypted. They live here and in `ContactRecord`, nowhere else."""

import json
import uuid

from django.db import models
from django.db.models import F, Q

from channels_merge.states import Gender
from hotline import crypto, masking


class Contact(models.Model):
    """诉求人 of one call or message: direct identifiers, encrypted, found by blind index.

    Written once by `services.contacts`; several appeals of the same call share it.
    """

    token = models.UUIDField(default=uuid.uuid4, editable=False)
    name_cipher = models.TextField("姓名（密文）", blank=True)
    phone_cipher = models.TextField("电话（密文）", blank=True)
    phone_index = models.CharField(max_length=64, blank=True)
    phone_tail_index = models.CharField(max_length=64, blank=True)
    id_cipher = models.TextField("证件号（密文）", blank=True)
    id_index = models.CharField(max_length=64, blank=True)
    account_cipher = models.TextField("账号（密文）", blank=True)
    account_index = models.CharField(max_length=64, blank=True)
    # Identifiers moved out of the story at intake: phones and numbers of whomever they belong to.
    moved_out_cipher = models.TextField("正文移出的号码（密文）", blank=True)
    # The one id number among those, of somebody who gave none: perhaps the own one. Kept to find petition matters only.
    story_id_index = models.CharField(max_length=64, blank=True)
    gender = models.CharField("性别", max_length=10, choices=Gender, blank=True)
    preferred_time = models.CharField("方便接听", max_length=40, blank=True)
    hide_from_unit = models.BooleanField("对承办单位隐去", default=True)
    is_anonymous = models.BooleanField("匿名", default=False)
    created_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "诉求人"
        permissions = [("reveal_contact", "查看诉求人姓名和电话")]
        constraints = [
            models.CheckConstraint(
                condition=Q(phone_cipher="", phone_index="", phone_tail_index="")
                | (~Q(phone_cipher="") & ~Q(phone_index="") & ~Q(phone_tail_index="")),
                name="contact_phone_can_be_found",
            ),
            models.CheckConstraint(
                condition=Q(id_cipher="", id_index="") | (~Q(id_cipher="") & ~Q(id_index="")),
                name="contact_id_can_be_found",
            ),
            models.CheckConstraint(
                condition=Q(account_cipher="", account_index="") | (~Q(account_cipher="") & ~Q(account_index="")),
                name="contact_account_can_be_found",
            ),
            models.CheckConstraint(
                condition=Q(is_anonymous=False) | Q(name_cipher="", id_cipher="", account_cipher=""),
                name="contact_anonymous_has_no_name",
            ),
            models.CheckConstraint(
                condition=Q(story_id_index="") | (Q(id_index="", is_anonymous=False) & ~Q(moved_out_cipher="")),
                name="contact_story_id_beside_no_own",
            ),
        ]
        indexes = [
            models.Index("phone_index", F("created_at").desc(), condition=~Q(phone_index=""), name="contact_phone"),
            models.Index(
                "phone_tail_index", F("created_at").desc(), condition=~Q(phone_tail_index=""), name="contact_tail"
            ),
            models.Index("id_index", condition=~Q(id_index=""), name="contact_id"),
            models.Index("account_index", condition=~Q(account_index=""), name="contact_account"),
            models.Index("story_id_index", condition=~Q(story_id_index=""), name="contact_story_id"),
        ]

    def __str__(self):
        return self.masked_name

    def aad(self, field):
        """Ties a ciphertext to this person and field: moved elsewhere, it no longer opens."""
        return f"contact.{field}:{self.token}"

    def _open(self, field):
        cipher = getattr(self, f"{field}_cipher")
        return crypto.decrypt(cipher, self.aad(field)) if cipher else ""

    @property
    def name(self):
        return self._open("name")

    @property
    def phone(self):
        return self._open("phone")

    @property
    def id_number(self):
        return self._open("id")

    @property
    def account(self):
        return self._open("account")

    @property
    def moved_out(self):
        return self._open("moved_out").split("\n") if self.moved_out_cipher else []

    @property
    def masked_story_id(self):
        """Of an id number in the words that may be this person's; nobody has said that it is."""
        if not self.story_id_index:
            return ""
        return next(masking.mask_id_number(value) for value in self.moved_out if masking.is_id_number(value))

    @property
    def masked_name(self):
        if self.is_anonymous:
            return "匿名"
        return masking.mask_name(self.name) if self.name_cipher else "未留姓名"

    @property
    def masked_phone(self):
        return masking.mask_phone(self.phone) if self.phone_cipher else "未留电话"


class Draft(models.Model):
    """What somebody typed and has not sent; encrypted, kept for `draft_days`."""

    token = models.UUIDField(default=uuid.uuid4, editable=False)
    owner = models.ForeignKey("hotline.User", models.CASCADE, related_name="+", db_index=False)
    # One call at the desk, chosen by the page: a reload of the same page finds its own draft again.
    key = models.CharField(max_length=60)
    content_cipher = models.TextField()
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "草稿"
        constraints = [models.UniqueConstraint("owner", "key", name="draft_one_per_owner_and_key")]
        indexes = [models.Index("expires_at", name="draft_expires_at")]

    def __str__(self):
        return self.key

    @property
    def aad(self):
        return f"draft:{self.token}"

    @property
    def content(self):
        return json.loads(crypto.decrypt(self.content_cipher, self.aad))

    @property
    def first_words(self):
        """By which its owner knows it again."""
        typed = self.content
        return typed.get("text", "")[:18] or masking.mask_phone(typed.get("phone", "")) or "还没写内容"
