"""The register of channels: life, filings and events of a channel."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import hotline.fsm

FORWARD = """
CREATE FUNCTION channels_merge_channel_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'channels_merge_channelevent is append-only';
END $$;
CREATE TRIGGER channels_merge_channel_event_append_only BEFORE UPDATE OR DELETE ON channels_merge_channelevent
    FOR EACH ROW EXECUTE FUNCTION channels_merge_channel_event_is_append_only();
"""
BACKWARD = """
DROP TRIGGER channels_merge_channel_event_append_only ON channels_merge_channelevent;
DROP FUNCTION channels_merge_channel_event_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("channels_merge", "0002_append_only"),
        ("hotline", "0002_security_log_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="channel",
            options={
                "permissions": [
                    ("issue_channel_key", "发放渠道接口密钥"),
                    ("view_register", "查看渠道总表"),
                    ("propose_channel", "申报本单位渠道"),
                    ("manage_channels", "管理渠道备案"),
                ],
                "verbose_name": "渠道",
                "verbose_name_plural": "渠道",
            },
        ),
        migrations.CreateModel(
            name="ChannelEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.CharField(max_length=20)),
                ("source", models.CharField(blank=True, max_length=12)),
                ("target", models.CharField(max_length=12)),
                ("words", models.CharField(blank=True, max_length=500)),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "渠道事件",
                "verbose_name_plural": "渠道事件",
            },
        ),
        migrations.CreateModel(
            name="ChannelFiling",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("new", "新增"), ("keep", "保留"), ("yearly", "年度备案")],
                        max_length=10,
                        verbose_name="种类",
                    ),
                ),
                ("reason", models.CharField(max_length=500, verbose_name="理由")),
                ("filed_at", models.DateTimeField(verbose_name="报备时间")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("", "等待决定"), ("approved", "同意"), ("refused", "不同意")],
                        max_length=10,
                        verbose_name="结果",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="决定时间")),
                ("opinion", models.CharField(blank=True, max_length=500, verbose_name="意见")),
            ],
            options={
                "verbose_name": "渠道备案",
                "verbose_name_plural": "渠道备案",
            },
        ),
        migrations.RemoveField(
            model_name="channel",
            name="is_active",
        ),
        migrations.AddField(
            model_name="appeal",
            name="after_cancellation",
            field=models.BooleanField(default=False, verbose_name="渠道撤销后来件"),
        ),
        migrations.AddField(
            model_name="channel",
            name="address",
            field=models.CharField(blank=True, max_length=200, verbose_name="号码或网址"),
        ),
        migrations.AddField(
            model_name="channel",
            name="announced",
            field=models.CharField(blank=True, max_length=200, verbose_name="在哪里公布"),
        ),
        migrations.AddField(
            model_name="channel",
            name="approved_on",
            field=models.DateField(null=True, verbose_name="核准日期"),
        ),
        migrations.AddField(
            model_name="channel",
            name="ends_on",
            field=models.DateField(null=True, verbose_name="撤销日期"),
        ),
        migrations.AddField(
            model_name="channel",
            name="ground",
            field=models.CharField(blank=True, max_length=300, verbose_name="开办依据"),
        ),
        migrations.AddField(
            model_name="channel",
            name="maintainer",
            field=models.CharField(blank=True, max_length=80, verbose_name="维护人"),
        ),
        migrations.AddField(
            model_name="channel",
            name="owner",
            field=models.ForeignKey(
                default=None,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="hotline.unit",
                verbose_name="开办单位",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="channel",
            name="review_due_on",
            field=models.DateField(null=True, verbose_name="下次备案截止"),
        ),
        migrations.AddField(
            model_name="channel",
            name="state",
            field=hotline.fsm.StateField(
                choices=[
                    ("proposed", "拟设"),
                    ("filed", "已报备"),
                    ("approved", "已核准"),
                    ("refused", "不予开办"),
                    ("active", "启用"),
                    ("ending", "待撤销"),
                    ("cancelled", "已撤销"),
                ],
                default="proposed",
                max_length=12,
                protected=True,
                verbose_name="状态",
            ),
        ),
        migrations.AddField(
            model_name="channel",
            name="way",
            field=models.CharField(
                choices=[
                    ("desk", "话务员接听登记"),
                    ("page", "网页提交"),
                    ("push", "对方接口推送"),
                    ("pull", "定时去取"),
                    ("file", "文件导入"),
                    ("typed", "工作人员补录"),
                ],
                default="push",
                max_length=10,
                verbose_name="诉求怎么进来",
            ),
        ),
        migrations.AlterField(
            model_name="channel",
            name="kind",
            field=models.CharField(
                choices=[
                    ("phone", "电话"),
                    ("web", "网页"),
                    ("qr", "便民码"),
                    ("mini_program", "小程序"),
                    ("hotline", "其他热线"),
                    ("province", "省平台"),
                    ("petition", "信访"),
                    ("grid", "网格"),
                    ("board", "领导留言板"),
                    ("oversight", "互联网+督查"),
                    ("window", "服务窗口"),
                    ("mailbox", "信箱"),
                    ("import", "批量导入"),
                ],
                max_length=20,
                verbose_name="种类",
            ),
        ),
        migrations.AddIndex(
            model_name="appeal",
            index=models.Index(models.F("channel"), models.F("received_at"), name="appeal_by_channel"),
        ),
        migrations.AddIndex(
            model_name="appeal",
            index=models.Index(
                models.F("channel"),
                models.F("received_at"),
                condition=models.Q(("after_cancellation", True)),
                name="appeal_after_cancellation",
            ),
        ),
        migrations.AddConstraint(
            model_name="channel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_machine", False), ("way", "desk")),
                    models.Q(models.Q(("way", "desk"), _negated=True), ("is_machine", True)),
                    _connector="OR",
                ),
                name="channel_machine_is_what_no_agent_hears",
            ),
        ),
        migrations.AddConstraint(
            model_name="channel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("approved_on", None),
                        ("ends_on", None),
                        ("review_due_on", None),
                        ("state__in", ("proposed", "filed", "refused")),
                    ),
                    models.Q(
                        ("approved_on__isnull", False),
                        ("ends_on", None),
                        ("review_due_on__isnull", False),
                        ("state__in", ("approved", "active")),
                    ),
                    models.Q(("ends_on__isnull", False), ("state__in", ["ending", "cancelled"])),
                    _connector="OR",
                ),
                name="channel_state_has_its_dates",
            ),
        ),
        migrations.AddConstraint(
            model_name="channel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["proposed", "ending", "cancelled"]),
                    models.Q(("ground", ""), _negated=True),
                    _connector="OR",
                ),
                name="channel_filed_has_its_ground",
            ),
        ),
        migrations.AddField(
            model_name="channelevent",
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
            model_name="channelevent",
            name="channel",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="channels_merge.channel",
            ),
        ),
        migrations.AddField(
            model_name="channelfiling",
            name="channel",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="filings",
                to="channels_merge.channel",
            ),
        ),
        migrations.AddField(
            model_name="channelfiling",
            name="decided_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="决定人",
            ),
        ),
        migrations.AddField(
            model_name="channelfiling",
            name="filed_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="报备人",
            ),
        ),
        migrations.AddIndex(
            model_name="channelevent",
            index=models.Index(models.F("channel"), models.F("id"), name="channelevent_channel"),
        ),
        migrations.AddIndex(
            model_name="channelfiling",
            index=models.Index(models.F("channel"), models.F("id"), name="channelfiling_channel"),
        ),
        migrations.AddConstraint(
            model_name="channelfiling",
            constraint=models.UniqueConstraint(
                models.F("channel"), condition=models.Q(("outcome", "")), name="channelfiling_one_open_per_channel"
            ),
        ),
        migrations.AddConstraint(
            model_name="channelfiling",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="channelfiling_says_why"
            ),
        ),
        migrations.AddConstraint(
            model_name="channelfiling",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("decided_by", None), ("outcome", "")),
                    models.Q(models.Q(("outcome", ""), _negated=True), ("decided_at__isnull", False)),
                    _connector="OR",
                ),
                name="channelfiling_outcome_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="channelfiling",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", "refused"), _negated=True),
                    models.Q(("opinion", ""), _negated=True),
                    _connector="OR",
                ),
                name="channelfiling_refused_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="channelfiling",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by", None),
                    ("filed_by", None),
                    models.Q(("decided_by", models.F("filed_by")), _negated=True),
                    _connector="OR",
                ),
                name="channelfiling_filer_does_not_decide",
            ),
        ),
        migrations.CreateModel(
            name="PublicPhone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, verbose_name="号码")),
                ("purpose", models.CharField(max_length=60, verbose_name="用途")),
                (
                    "status",
                    models.CharField(
                        choices=[("used", "在用"), ("wrong", "核对有误"), ("stopped", "停用")],
                        default="used",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("announced", models.CharField(max_length=200, verbose_name="在哪里公布")),
                ("maintainer", models.CharField(max_length=80, verbose_name="维护人")),
                ("checked_on", models.DateField(null=True, verbose_name="核对日期")),
                ("check_note", models.CharField(blank=True, max_length=200, verbose_name="核对情况")),
                (
                    "checked_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="核对人",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="hotline.unit",
                        verbose_name="单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "公布电话",
                "verbose_name_plural": "公布电话",
            },
        ),
        migrations.CreateModel(
            name="Republication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("changed", "号码变更"), ("stopped", "号码停用")], max_length=10, verbose_name="种类"
                    ),
                ),
                ("old_number", models.CharField(max_length=30, verbose_name="原号码")),
                ("reason", models.CharField(max_length=200, verbose_name="原因")),
                ("due_on", models.DateField(verbose_name="重新公布期限")),
                ("asked_at", models.DateTimeField(verbose_name="提出时间")),
                ("done_at", models.DateTimeField(null=True, verbose_name="公布时间")),
                ("where", models.CharField(blank=True, max_length=200, verbose_name="改在哪里公布")),
                (
                    "asked_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "done_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "phone",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="republications",
                        to="channels_merge.publicphone",
                    ),
                ),
            ],
            options={
                "verbose_name": "重新公布",
                "verbose_name_plural": "重新公布",
            },
        ),
        migrations.CreateModel(
            name="LineMilestone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("dual", "双号并行"), ("managed", "统一管理"), ("dispatched", "统一转办")],
                        max_length=12,
                        verbose_name="要求",
                    ),
                ),
                ("due_on", models.DateField(verbose_name="期限")),
                ("responsible", models.CharField(max_length=100, verbose_name="责任单位")),
                ("evidence", models.CharField(blank=True, max_length=500, verbose_name="佐证")),
                ("done_on", models.DateField(null=True, verbose_name="完成日期")),
                ("recorded_at", models.DateTimeField(null=True, verbose_name="记录时间")),
                (
                    "channel",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="milestones",
                        to="channels_merge.channel",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="hotline.storedfile",
                        verbose_name="佐证文件",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "热线并入要求",
                "verbose_name_plural": "热线并入要求",
                "constraints": [
                    models.UniqueConstraint(models.F("channel"), models.F("kind"), name="linemilestone_once_per_line"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("done_on", None), models.Q(("evidence", ""), _negated=True), _connector="OR"
                        ),
                        name="linemilestone_done_has_evidence",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("recorded_at", None), ("recorded_by", None)),
                            models.Q(("recorded_at__isnull", False), ("recorded_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="linemilestone_recorded_by_somebody",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="publicphone",
            constraint=models.UniqueConstraint(
                models.F("owner"),
                models.F("number"),
                condition=models.Q(("status", "stopped"), _negated=True),
                name="publicphone_once_per_unit",
            ),
        ),
        migrations.AddConstraint(
            model_name="publicphone",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("checked_by", None), ("checked_on", None)),
                    models.Q(("checked_by__isnull", False), ("checked_on__isnull", False)),
                    _connector="OR",
                ),
                name="publicphone_checked_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="publicphone",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "wrong"), _negated=True),
                    models.Q(("check_note", ""), _negated=True),
                    _connector="OR",
                ),
                name="publicphone_wrong_says_what",
            ),
        ),
        migrations.AddIndex(
            model_name="republication",
            index=models.Index(models.F("phone"), models.F("id"), name="republication_phone"),
        ),
        migrations.AddConstraint(
            model_name="republication",
            constraint=models.UniqueConstraint(
                models.F("phone"), condition=models.Q(("done_at", None)), name="republication_one_open_per_phone"
            ),
        ),
        migrations.AddConstraint(
            model_name="republication",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at", None), ("done_by", None), ("where", "")),
                    models.Q(("done_at__isnull", False), models.Q(("where", ""), _negated=True)),
                    _connector="OR",
                ),
                name="republication_done_says_where",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
