import django.contrib.postgres.fields

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels_merge', '0004_lines'),
        ('hotline', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='AgentSeat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('extension', models.CharField(max_length=20, verbose_name='分机')),
                ('skills', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('normal', '普通'), ('enterprise', '涉企专席'), ('hakka', '客家话')], max_length=12), size=None, verbose_name='技能')),
                ('since', models.DateTimeField(verbose_name='起')),
                ('until', models.DateTimeField(null=True, verbose_name='止')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='seats', to=settings.AUTH_USER_MODEL, verbose_name='人员')),
            ],
            options={
                'verbose_name': '坐席',
                'verbose_name_plural': '坐席',
                'permissions': [('manage_seats', '管理坐席，查看全部漏接电话')],
                'constraints': [models.UniqueConstraint(models.F('user'), condition=models.Q(('until', None)), name='agentseat_one_open_per_user'), models.UniqueConstraint(models.F('extension'), condition=models.Q(('until', None)), name='agentseat_one_open_per_extension'), models.CheckConstraint(condition=models.Q(('extension', ''), _negated=True), name='agentseat_has_extension'), models.CheckConstraint(condition=models.Q(('skills__contained_by', ['normal', 'enterprise', 'hakka']), models.Q(('skills', []), _negated=True)), name='agentseat_skills_are_known'), models.CheckConstraint(condition=models.Q(('until', None), ('until__gte', models.F('since')), _connector='OR'), name='agentseat_ends_after_it_began')],
            },
        ),
        migrations.CreateModel(
            name='MissedCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('number_cipher', models.TextField(blank=True, verbose_name='号码（密文）')),
                ('number_index', models.CharField(blank=True, max_length=64)),
                ('queue', models.CharField(choices=[('normal', '普通'), ('enterprise', '涉企专席'), ('hakka', '客家话')], default='normal', max_length=12, verbose_name='队列')),
                ('count', models.PositiveSmallIntegerField(verbose_name='漏接次数')),
                ('first_at', models.DateTimeField(verbose_name='首次漏接')),
                ('last_at', models.DateTimeField(verbose_name='最近漏接')),
                ('due_at', models.DateTimeField(verbose_name='回拨时限')),
                ('tries', models.PositiveSmallIntegerField(default=0, verbose_name='已回拨次数')),
                ('held_at', models.DateTimeField(null=True, verbose_name='查看号码时间')),
                ('told_at', models.DateTimeField(null=True, verbose_name='超时提醒时间')),
                ('closed_at', models.DateTimeField(null=True, verbose_name='了结时间')),
                ('outcome', models.CharField(blank=True, choices=[('reached', '已回拨接通'), ('called_again', '又打来，已接'), ('empty', '空号'), ('given_up', '多次回拨没有接通'), ('answered', '当时已接通')], max_length=16, verbose_name='结果')),
                ('closed_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('holder', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '漏接电话',
                'verbose_name_plural': '漏接电话',
                'indexes': [models.Index(models.F('due_at'), models.F('id'), condition=models.Q(('closed_at', None)), name='missedcall_open'), models.Index(models.OrderBy(models.F('closed_at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='missedcall_closed'), models.Index(models.F('due_at'), condition=models.Q(('closed_at', None), ('told_at', None)), name='missedcall_not_told')],
                'constraints': [models.UniqueConstraint(models.F('number_index'), condition=models.Q(('closed_at', None)), name='missedcall_one_open_per_number'), models.CheckConstraint(condition=models.Q(models.Q(('number_cipher', ''), _negated=True), models.Q(('number_index', ''), _negated=True)), name='missedcall_can_be_called_back'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closed_by', None), ('count__gte', 1), ('outcome', '')), models.Q(('closed_at__isnull', False), models.Q(('outcome', ''), _negated=True)), _connector='OR'), name='missedcall_closed_says_how'), models.CheckConstraint(condition=models.Q(models.Q(('held_at', None), ('holder', None)), models.Q(('held_at__isnull', False), ('holder__isnull', False)), _connector='OR'), name='missedcall_held_since'), models.CheckConstraint(condition=models.Q(('due_at__gt', models.F('first_at')), ('last_at__gte', models.F('first_at'))), name='missedcall_times_in_order')],
            },
        ),
        migrations.CreateModel(
            name='CallBack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='时间')),
                ('outcome', models.CharField(choices=[('reached', '接通'), ('no_answer', '无人接'), ('empty', '空号'), ('refused', '拒接')], max_length=10, verbose_name='结果')),
                ('by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('missed_call', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='call_backs', to='channels_merge.missedcall')),
            ],
            options={
                'verbose_name': '回拨',
                'verbose_name_plural': '回拨',
            },
        ),
        migrations.CreateModel(
            name='PhoneCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('number_cipher', models.TextField(blank=True, verbose_name='号码（密文）')),
                ('number_index', models.CharField(blank=True, max_length=64)),
                ('call_id', models.CharField(max_length=80, unique=True, verbose_name='通话编号')),
                ('queue', models.CharField(choices=[('normal', '普通'), ('enterprise', '涉企专席'), ('hakka', '客家话')], default='normal', max_length=12, verbose_name='队列')),
                ('extension', models.CharField(blank=True, max_length=20, verbose_name='分机')),
                ('rang_at', models.DateTimeField(null=True, verbose_name='振铃')),
                ('answered_at', models.DateTimeField(null=True, verbose_name='接通')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='结束')),
                ('missed_at', models.DateTimeField(null=True, verbose_name='漏接')),
                ('placed_at', models.DateTimeField(editable=False, null=True)),
                ('recording_cipher', models.TextField(blank=True, verbose_name='录音地址（密文）')),
                ('heard_at', models.DateTimeField(verbose_name='首次收到')),
                ('taken_at', models.DateTimeField(null=True, verbose_name='接入表单')),
                ('is_settled', models.BooleanField(default=False)),
                ('missed_call', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='channels_merge.missedcall')),
                ('user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '通话',
                'verbose_name_plural': '通话',
                'permissions': [('hear_recording', '查看通话录音地址')],
                'indexes': [models.Index(models.F('user'), models.F('heard_at'), condition=models.Q(('taken_at', None)), name='phonecall_at_seat'), models.Index(models.F('queue'), models.F('heard_at'), condition=models.Q(('taken_at', None), ('user', None)), name='phonecall_at_queue'), models.Index(models.F('number_index'), models.F('answered_at'), condition=models.Q(('number_index', ''), _negated=True), name='phonecall_number'), models.Index(models.F('missed_call'), condition=models.Q(('missed_call__isnull', False)), name='phonecall_missed'), models.Index(models.F('id'), condition=models.Q(('is_settled', False)), name='phonecall_unsettled')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('number_cipher', ''), ('number_index', '')), models.Q(models.Q(('number_cipher', ''), _negated=True), models.Q(('number_index', ''), _negated=True)), _connector='OR'), name='phonecall_number_can_be_found'), models.CheckConstraint(condition=models.Q(('rang_at__isnull', False), ('answered_at__isnull', False), ('ended_at__isnull', False), ('missed_at__isnull', False), _connector='OR'), name='phonecall_something_happened'), models.CheckConstraint(condition=models.Q(('missed_call', None), ('missed_at__isnull', False), _connector='OR'), name='phonecall_missed_has_time')],
            },
        ),
        migrations.AddField(
            model_name='interaction',
            name='call',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='interactions', to='channels_merge.phonecall'),
        ),
        migrations.AddIndex(
            model_name='interaction',
            index=models.Index(models.F('call'), condition=models.Q(('call__isnull', False)), name='interaction_call'),
        ),
    ]
