"""What the petition office has in hand, and which of our appeals tell of the same (赣市改字〔2025〕10号 3)."""

import uuid

from django.db import models
from django.db.models import F, Q

from channels_merge.models.appeal import Appeal
from channels_merge.states import OPEN_PETITION_STATES, MatchGround, MatchState, PetitionState
from hotline import crypto, masking


class PetitionMatter(models.Model):
    """A matter of the petition office, under its number. Of phone and id number only keyed digests are kept."""

    token = models.UUIDField(default=uuid.uuid4, editable=False)
    number = models.CharField("信访编号", max_length=60, unique=True)
    name_cipher = models.TextField("姓名（密文）", blank=True)
    phone_index = models.CharField(max_length=64, blank=True)
    id_index = models.CharField(max_length=64, blank=True)
    title = models.CharField("标题", max_length=100)
    text_cipher = models.TextField("内容（密文）")
    region = models.ForeignKey("hotline.Region", models.PROTECT, null=True, related_name="+", verbose_name="地区")
    # The county that `region` is or lies in: matters are compared within it.
    county = models.ForeignKey("hotline.Region", models.PROTECT, null=True, related_name="+", db_index=False)
    unit_name = models.CharField("信访承办单位", max_length=80, blank=True)
    received_at = models.DateTimeField("信访登记时间")
    state = models.CharField("状态", max_length=12, choices=PetitionState)
    # When the petition office changed it last: what comes late is not newer.
    changed_at = models.DateTimeField("信访更新时间")
    taken_in_at = models.DateTimeField("收到时间")
    # Empty until it has been compared with our appeals.
    matched_at = models.DateTimeField("比对时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "信访事项"
        permissions = [
            ("view_petitions", "查看与信访重合的事项"),
            ("read_petitions", "查看信访事项内容"),
            ("manage_petitions", "导入信访事项"),
            ("decide_petition_match", "核对信访匹配并联合督导"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=PetitionState.values), name="petition_state_is_known"),
            models.CheckConstraint(condition=~Q(number="") & ~Q(title=""), name="petition_has_number_and_title"),
        ]
        indexes = [
            models.Index("phone_index", condition=~Q(phone_index=""), name="petition_phone"),
            models.Index("id_index", condition=~Q(id_index=""), name="petition_id"),
            models.Index(
                "county",
                F("received_at").desc(),
                condition=Q(state__in=sorted(OPEN_PETITION_STATES)),
                name="petition_open_of_county",
            ),
            models.Index(F("received_at").desc(), F("id").desc(), name="petition_newest"),
            models.Index("id", condition=Q(matched_at=None), name="petition_unmatched"),
        ]

    def __str__(self):
        return self.number

    def aad(self, field):
        return f"petition.{field}:{self.token}"

    @property
    def text(self):
        return crypto.decrypt(self.text_cipher, self.aad("text"))

    @property
    def masked_name(self):
        return masking.mask_name(crypto.decrypt(self.name_cipher, self.aad("name"))) if self.name_cipher else "未写"

    @property
    def is_open(self):
        return self.state in OPEN_PETITION_STATES


class PetitionMatch(models.Model):
    """That a petition matter and an appeal of ours are the same: found by the system, decided by a person."""

    matter = models.ForeignKey(PetitionMatter, models.PROTECT, related_name="matches", db_index=False)
    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="petition_matches")
    ground = models.CharField("依据", max_length=8, choices=MatchGround)
    # How alike the words are, 0 to 100.
    percent = models.PositiveSmallIntegerField("内容相近")
    state = models.CharField("状态", max_length=10, choices=MatchState, default=MatchState.PROPOSED)
    # Since when both sides have had it: the later of the two receipts.
    both_since = models.DateTimeField("两边都有起")
    found_at = models.DateTimeField("发现时间")
    decided_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField("核对时间", null=True)
    reason = models.CharField("理由", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "信访匹配"
        constraints = [
            models.UniqueConstraint("matter", "appeal", name="petitionmatch_once_per_pair"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="petitionmatch_percent_is_one"),
            models.CheckConstraint(
                condition=Q(state=MatchState.PROPOSED, decided_at=None, decided_by=None, reason="")
                | Q(state__in=[MatchState.CONFIRMED, MatchState.REFUSED], decided_at__isnull=False),
                name="petitionmatch_decided_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=MatchState.REFUSED) | ~Q(reason=""), name="petitionmatch_refused_says_why"
            ),
        ]
        indexes = [models.Index("state", "both_since", "id", name="petitionmatch_oldest")]

    def __str__(self):
        return f"{self.matter_id} {self.appeal_id}"


class JointSupervision(models.Model):
    """联合督导 of a matter that both sides have and neither settles; its hold keeps the ticket open until it is lifted."""

    match = models.ForeignKey(PetitionMatch, models.PROTECT, related_name="supervisions", db_index=False)
    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="+", db_index=False)
    hold = models.OneToOneField("tickets.TicketHold", models.PROTECT, related_name="+")
    reason = models.CharField("督导事由", max_length=300)
    started_by = models.ForeignKey("hotline.User", models.PROTECT, related_name="+", db_index=False)
    started_at = models.DateTimeField("开始时间")
    lifted_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    lifted_at = models.DateTimeField("解除时间", null=True)
    lift_reason = models.CharField("解除理由", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "联合督导"
        constraints = [
            models.UniqueConstraint(
                "ticket", condition=Q(lifted_at=None), name="jointsupervision_one_open_per_ticket"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="jointsupervision_says_why"),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None, lift_reason="")
                | (Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lift_reason="")),
                name="jointsupervision_lifted_says_why",
            ),
        ]
        indexes = [models.Index("match", "id", name="jointsupervision_match")]

    def __str__(self):
        return f"{self.ticket_id} {self.match_id}"
