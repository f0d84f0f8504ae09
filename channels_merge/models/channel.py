"""Ways in."""

from django.db import models
from django.db.models import Q

from channels_merge.states import (
    ChannelKind,
)


class Channel(models.Model):
    """One way in. A channel with a key may file appeals through the API."""

    code = models.SlugField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    kind = models.CharField("种类", max_length=20, choices=ChannelKind)
    # Appeals of a machine channel wait at /intake/; the others are decided while the caller is on the line.
    is_machine = models.BooleanField("机器来件", default=True)
    is_active = models.BooleanField("启用", default=True)
    # HMAC-SM3 of a random 256-bit key: the key itself is shown once and kept nowhere.
    key_hash = models.CharField("接口密钥摘要", max_length=64, blank=True, editable=False)
    key_issued_at = models.DateTimeField("密钥发放时间", null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "渠道"
        constraints = [
            models.UniqueConstraint("key_hash", condition=~Q(key_hash=""), name="channel_key_is_unique"),
            models.CheckConstraint(
                condition=Q(key_hash="", key_issued_at=None) | (~Q(key_hash="") & Q(key_issued_at__isnull=False)),
                name="channel_key_has_its_date",
            ),
        ]
        permissions = [
            ("issue_channel_key", "发放渠道接口密钥"),
            ("view_register", "查看渠道总表"),
            ("propose_channel", "申报本单位渠道"),
            ("manage_channels", "管理渠道备案"),
        ]

    def __str__(self):
        return self.name
