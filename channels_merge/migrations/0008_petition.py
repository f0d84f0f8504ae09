import django.db.models.deletion

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels_merge', '0007_codes'),
        ('hotline', '0002_security_log_append_only'),
        ('tickets', '0002_events_are_append_only'),
    ]

    operations = [
        migrations.CreateModel(
            name='PetitionMatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ground', models.CharField(choices=[('id', '同一证件号'), ('phone', '同一号码'), ('text', '内容相近')], max_length=8, verbose_name='依据')),
                ('percent', models.PositiveSmallIntegerField(verbose_name='内容相近')),
                ('state', models.CharField(choices=[('proposed', '待核对'), ('confirmed', '是同一件'), ('refused', '不是同一件')], default='proposed', max_length=10, verbose_name='状态')),
                ('both_since', models.DateTimeField(verbose_name='两边都有起')),
                ('found_at', models.DateTimeField(verbose_name='发现时间')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='核对时间')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='理由')),
                ('appeal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='petition_matches', to='channels_merge.appeal')),
                ('decided_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '信访匹配',
                'verbose_name_plural': '信访匹配',
                'indexes': [models.Index(models.F('state'), models.F('both_since'), models.F('id'), name='petitionmatch_oldest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('percent__lte', 100)), name='petitionmatch_percent_is_one'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('reason', ''), ('state', 'proposed')), models.Q(('decided_at__isnull', False), ('state__in', ['confirmed', 'refused'])), _connector='OR'), name='petitionmatch_decided_has_time'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'refused'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='petitionmatch_refused_says_why')],
            },
        ),
        migrations.CreateModel(
            name='JointSupervision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=300, verbose_name='督导事由')),
                ('started_at', models.DateTimeField(verbose_name='开始时间')),
                ('lifted_at', models.DateTimeField(null=True, verbose_name='解除时间')),
                ('lift_reason', models.CharField(blank=True, max_length=300, verbose_name='解除理由')),
                ('hold', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.tickethold')),
                ('lifted_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('started_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.ticket')),
                ('match', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='supervisions', to='channels_merge.petitionmatch')),
            ],
            options={
                'verbose_name': '联合督导',
                'verbose_name_plural': '联合督导',
                'indexes': [models.Index(models.F('match'), models.F('id'), name='jointsupervision_match')],
                'constraints': [models.UniqueConstraint(models.F('ticket'), condition=models.Q(('lifted_at', None)), name='jointsupervision_one_open_per_ticket'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='jointsupervision_says_why'), models.CheckConstraint(condition=models.Q(models.Q(('lift_reason', ''), ('lifted_at', None), ('lifted_by', None)), models.Q(('lifted_at__isnull', False), ('lifted_by__isnull', False), models.Q(('lift_reason', ''), _negated=True)), _connector='OR'), name='jointsupervision_lifted_says_why')],
            },
        ),
        migrations.CreateModel(
            name='PetitionMatter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('number', models.CharField(max_length=60, unique=True, verbose_name='信访编号')),
                ('name_cipher', models.TextField(blank=True, verbose_name='姓名（密文）')),
                ('phone_index', models.CharField(blank=True, max_length=64)),
                ('id_index', models.CharField(blank=True, max_length=64)),
                ('title', models.CharField(max_length=100, verbose_name='标题')),
                ('text_cipher', models.TextField(verbose_name='内容（密文）')),
                ('unit_name', models.CharField(blank=True, max_length=80, verbose_name='信访承办单位')),
                ('received_at', models.DateTimeField(verbose_name='信访登记时间')),
                ('state', models.CharField(choices=[('registered', '已登记'), ('accepted', '已受理'), ('handling', '办理中'), ('answered', '已答复'), ('review', '复查复核中'), ('settled', '已化解'), ('ended', '已终结'), ('refused', '不予受理')], max_length=12, verbose_name='状态')),
                ('changed_at', models.DateTimeField(verbose_name='信访更新时间')),
                ('taken_in_at', models.DateTimeField(verbose_name='收到时间')),
                ('matched_at', models.DateTimeField(null=True, verbose_name='比对时间')),
                ('county', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hotline.region')),
                ('region', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hotline.region', verbose_name='地区')),
            ],
            options={
                'verbose_name': '信访事项',
                'verbose_name_plural': '信访事项',
                'permissions': [('view_petitions', '查看与信访重合的事项'), ('read_petitions', '查看信访事项内容'), ('manage_petitions', '导入信访事项'), ('decide_petition_match', '核对信访匹配并联合督导')],
                'indexes': [models.Index(models.F('phone_index'), condition=models.Q(('phone_index', ''), _negated=True), name='petition_phone'), models.Index(models.F('id_index'), condition=models.Q(('id_index', ''), _negated=True), name='petition_id'), models.Index(models.F('county'), models.OrderBy(models.F('received_at'), descending=True), condition=models.Q(('state__in', ['accepted', 'answered', 'handling', 'registered', 'review'])), name='petition_open_of_county'), models.Index(models.OrderBy(models.F('received_at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='petition_newest'), models.Index(models.F('id'), condition=models.Q(('matched_at', None)), name='petition_unmatched')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['registered', 'accepted', 'handling', 'answered', 'review', 'settled', 'ended', 'refused'])), name='petition_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('number', ''), _negated=True), models.Q(('title', ''), _negated=True)), name='petition_has_number_and_title')],
            },
        ),
        migrations.AddField(
            model_name='petitionmatch',
            name='matter',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='matches', to='channels_merge.petitionmatter'),
        ),
        migrations.AddConstraint(
            model_name='petitionmatch',
            constraint=models.UniqueConstraint(models.F('matter'), models.F('appeal'), name='petitionmatch_once_per_pair'),
        ),
    ]
