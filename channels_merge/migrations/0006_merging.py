import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels_merge", "0005_telephone"),
        ("responsibility", "0001_initial"),
        ("tickets", "0002_events_are_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FreshPosting",
            fields=[
                (
                    "appeal",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="channels_merge.appeal",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("words", models.BinaryField()),
            ],
            options={
                "verbose_name": "并单索引（新件）",
                "verbose_name_plural": "并单索引（新件）",
            },
        ),
        migrations.CreateModel(
            name="GramBackground",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField()),
                ("matters", models.PositiveIntegerField()),
                ("grams", models.BinaryField()),
                ("shares", models.BinaryField()),
            ],
            options={
                "verbose_name": "常用字词",
                "verbose_name_plural": "常用字词",
            },
        ),
        migrations.CreateModel(
            name="PostingSegment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("appeals", models.PositiveIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("newest", models.BigIntegerField()),
            ],
            options={
                "verbose_name": "并单索引段",
                "verbose_name_plural": "并单索引段",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_at__gte", models.F("first_at"))),
                        name="postingsegment_ends_after_it_began",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "segment_id", "gram", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="channels_merge.postingsegment",
                    ),
                ),
                ("gram", models.IntegerField()),
                ("appeals", models.BinaryField()),
            ],
            options={
                "verbose_name": "并单索引",
                "verbose_name_plural": "并单索引",
            },
        ),
        # Packed numbers do not get smaller; trying costs more than the rest of writing them.
        migrations.RunSQL(
            "ALTER TABLE channels_merge_posting ALTER COLUMN appeals SET STORAGE EXTERNAL",
            migrations.RunSQL.noop,
        ),
        migrations.CreateModel(
            name="FrequentCaller",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("phone_index", models.CharField(max_length=64)),
                ("day", models.DateField(verbose_name="日期")),
                ("count", models.PositiveIntegerField(verbose_name="次数")),
                ("last_at", models.DateTimeField(verbose_name="最近一次")),
                ("seen_at", models.DateTimeField(null=True, verbose_name="看过时间")),
                ("said", models.CharField(blank=True, max_length=200, verbose_name="处理意见")),
            ],
            options={
                "verbose_name": "频繁来电",
                "verbose_name_plural": "频繁来电",
            },
        ),
        migrations.CreateModel(
            name="MergeLook",
            fields=[
                (
                    "appeal",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="channels_merge.appeal",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="比对时间")),
            ],
            options={
                "verbose_name": "并单比对",
                "verbose_name_plural": "并单比对",
            },
        ),
        migrations.CreateModel(
            name="MergeProposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("merge", "并单"), ("repeat", "重开")],
                        default="merge",
                        max_length=8,
                        verbose_name="种类",
                    ),
                ),
                ("probability", models.FloatField(verbose_name="可能性")),
                ("words", models.CharField(max_length=300, verbose_name="依据")),
                ("found_at", models.DateTimeField(verbose_name="发现时间")),
                ("sort_at", models.DateTimeField(verbose_name="排队时间")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "待核对"),
                            ("confirmed", "是同一件"),
                            ("refused", "不是同一件"),
                            ("lapsed", "已失效"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("at", models.DateTimeField(null=True, verbose_name="核对时间")),
            ],
            options={
                "verbose_name": "并单提议",
                "verbose_name_plural": "并单提议",
                "permissions": [("review_merges", "核对并单提议"), ("manage_merging", "管理并单规则")],
            },
        ),
        migrations.CreateModel(
            name="MergeRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="并单时间")),
                ("undone_at", models.DateTimeField(null=True, verbose_name="分开时间")),
                (
                    "undone_as",
                    models.CharField(
                        blank=True,
                        choices=[("slip", "当场撤回"), ("wrong", "本来不是同一件"), ("split", "现在分开办")],
                        max_length=8,
                        verbose_name="为何分开",
                    ),
                ),
            ],
            options={
                "verbose_name": "并单记录",
                "verbose_name_plural": "并单记录",
            },
        ),
        migrations.CreateModel(
            name="MergeSwitch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on_at", models.DateTimeField(verbose_name="开启时间")),
                ("off_at", models.DateTimeField(null=True, verbose_name="关闭时间")),
            ],
            options={
                "verbose_name": "自动并单开关",
                "verbose_name_plural": "自动并单开关",
            },
        ),
        migrations.CreateModel(
            name="Repeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("after_closing", models.BooleanField(verbose_name="办结后再反映")),
                ("at", models.DateTimeField(verbose_name="再次反映时间")),
            ],
            options={
                "verbose_name": "重复反映",
                "verbose_name_plural": "重复反映",
            },
        ),
        migrations.CreateModel(
            name="ThresholdProposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value", models.DecimalField(decimal_places=2, max_digits=4, verbose_name="门槛")),
                ("decisions", models.PositiveIntegerField(verbose_name="门槛以上核对过")),
                ("confirmed", models.PositiveIntegerField(verbose_name="其中是同一件")),
                ("found_at", models.DateTimeField(verbose_name="算出时间")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "待决定"), ("adopted", "已采用"), ("declined", "不采用")],
                        default="open",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("at", models.DateTimeField(null=True, verbose_name="决定时间")),
            ],
            options={
                "verbose_name": "并单门槛建议",
                "verbose_name_plural": "并单门槛建议",
            },
        ),
        migrations.AddIndex(
            model_name="interaction",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["at"], name="interaction_at"),
        ),
        migrations.AddField(
            model_name="frequentcaller",
            name="latest",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="channels_merge.appeal",
            ),
        ),
        migrations.AddField(
            model_name="frequentcaller",
            name="seen_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="mergeproposal",
            name="appeal",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="channels_merge.appeal",
                verbose_name="后来的诉求",
            ),
        ),
        migrations.AddField(
            model_name="mergeproposal",
            name="by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="mergeproposal",
            name="other",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="channels_merge.appeal",
                verbose_name="先来的诉求",
            ),
        ),
        migrations.AddField(
            model_name="mergerecord",
            name="appeal",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="channels_merge.appeal"
            ),
        ),
        migrations.AddField(
            model_name="mergerecord",
            name="by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="mergerecord",
            name="into",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tickets.ticket"
            ),
        ),
        migrations.AddField(
            model_name="mergerecord",
            name="proposal",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="records",
                to="channels_merge.mergeproposal",
            ),
        ),
        migrations.AddField(
            model_name="mergerecord",
            name="ticket",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tickets.ticket"
            ),
        ),
        migrations.AddField(
            model_name="mergerecord",
            name="undone_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="mergeswitch",
            name="category",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="responsibility.category",
            ),
        ),
        migrations.AddField(
            model_name="mergeswitch",
            name="channel",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="channels_merge.channel",
            ),
        ),
        migrations.AddField(
            model_name="mergeswitch",
            name="off_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="mergeswitch",
            name="on_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="repeat",
            name="appeal",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="channels_merge.appeal",
                verbose_name="再次反映",
            ),
        ),
        migrations.AddField(
            model_name="repeat",
            name="first",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="channels_merge.appeal",
                verbose_name="首次反映",
            ),
        ),
        migrations.AddField(
            model_name="thresholdproposal",
            name="by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="frequentcaller",
            index=models.Index(
                models.F("last_at"),
                models.F("id"),
                condition=models.Q(("seen_at", None)),
                name="frequentcaller_unseen",
            ),
        ),
        migrations.AddConstraint(
            model_name="frequentcaller",
            constraint=models.UniqueConstraint(
                models.F("phone_index"), models.F("day"), name="frequentcaller_once_a_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="frequentcaller",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("said", ""), ("seen_at", None), ("seen_by", None)),
                    models.Q(
                        ("seen_at__isnull", False), ("seen_by__isnull", False), models.Q(("said", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="frequentcaller_seen_says_what",
            ),
        ),
        migrations.AddIndex(
            model_name="mergeproposal",
            index=models.Index(
                models.F("sort_at"),
                models.F("id"),
                condition=models.Q(("state", "open")),
                name="mergeproposal_worklist",
            ),
        ),
        migrations.AddIndex(
            model_name="mergeproposal",
            index=models.Index(
                models.OrderBy(models.F("at"), descending=True),
                condition=models.Q(("at__isnull", False)),
                name="mergeproposal_settled",
            ),
        ),
        migrations.AddConstraint(
            model_name="mergeproposal",
            constraint=models.UniqueConstraint(
                models.F("appeal"), models.F("other"), name="mergeproposal_once_per_pair"
            ),
        ),
        migrations.AddConstraint(
            model_name="mergeproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("appeal", models.F("other")), _negated=True), name="mergeproposal_two_appeals"
            ),
        ),
        migrations.AddConstraint(
            model_name="mergeproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("probability__gte", 0), ("probability__lte", 1)),
                name="mergeproposal_probability_is_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="mergeproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("at", None), ("by", None), ("state", "open")),
                    models.Q(("at__isnull", False), ("by__isnull", False), ("state", "refused")),
                    models.Q(("at__isnull", False), ("by", None), ("state", "lapsed")),
                    models.Q(("at__isnull", False), ("state", "confirmed")),
                    _connector="OR",
                ),
                name="mergeproposal_settled_says_when_and_who",
            ),
        ),
        migrations.AddIndex(
            model_name="mergerecord",
            index=models.Index(models.F("at"), name="mergerecord_at"),
        ),
        migrations.AddConstraint(
            model_name="mergerecord",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("appeal", None), ("ticket__isnull", False)),
                    models.Q(("appeal__isnull", False), ("ticket", None)),
                    _connector="OR",
                ),
                name="mergerecord_appeal_or_ticket",
            ),
        ),
        migrations.AddConstraint(
            model_name="mergerecord",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("undone_as", ""), ("undone_at", None), ("undone_by", None)),
                    models.Q(("undone_at__isnull", False), models.Q(("undone_as", ""), _negated=True)),
                    _connector="OR",
                ),
                name="mergerecord_undone_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="mergeswitch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("category__isnull", False), ("channel", None)),
                    models.Q(("category", None), ("channel__isnull", False)),
                    _connector="OR",
                ),
                name="mergeswitch_channel_or_category",
            ),
        ),
        migrations.AddConstraint(
            model_name="mergeswitch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("off_at", None), ("off_by", None)), ("off_at__isnull", False), _connector="OR"
                ),
                name="mergeswitch_off_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="mergeswitch",
            constraint=models.UniqueConstraint(
                models.F("channel"), condition=models.Q(("off_at", None)), name="mergeswitch_one_on_per_channel"
            ),
        ),
        migrations.AddConstraint(
            model_name="mergeswitch",
            constraint=models.UniqueConstraint(
                models.F("category"), condition=models.Q(("off_at", None)), name="mergeswitch_one_on_per_category"
            ),
        ),
        migrations.AddIndex(
            model_name="repeat",
            index=models.Index(models.F("at"), name="repeat_at"),
        ),
        migrations.AddConstraint(
            model_name="repeat",
            constraint=models.CheckConstraint(
                condition=models.Q(("appeal", models.F("first")), _negated=True), name="repeat_of_another"
            ),
        ),
        migrations.AddConstraint(
            model_name="thresholdproposal",
            constraint=models.UniqueConstraint(
                models.F("state"), condition=models.Q(("state", "open")), name="threshold_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="thresholdproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("confirmed__lte", models.F("decisions")), ("value__gt", 0), ("value__lt", 1)),
                name="threshold_is_a_share",
            ),
        ),
        migrations.AddConstraint(
            model_name="thresholdproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("at", None), ("by", None), ("state", "open")),
                    models.Q(("at__isnull", False), ("by__isnull", False), ("state__in", ["adopted", "declined"])),
                    _connector="OR",
                ),
                name="threshold_decided_says_who",
            ),
        ),
        migrations.AlterField(
            model_name="outboxmessage",
            name="kind",
            field=models.CharField(
                choices=[
                    ("registered", "登记告知"),
                    ("need_info", "请补充"),
                    ("answered", "答复"),
                    ("mass_reply", "多人告知"),
                    ("status", "进展"),
                    ("result", "办理结果"),
                    ("return", "退回来件"),
                    ("transfer", "转接过去"),
                ],
                max_length=20,
                verbose_name="种类",
            ),
        ),
    ]
