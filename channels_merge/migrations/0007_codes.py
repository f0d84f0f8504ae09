"""便民码: a code for each place, how often it was opened, and which appeals came through it."""

import django.db.models.deletion
import django_fsm
import hotline.fsm
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels_merge', '0006_merging'),
        ('hotline', '0002_security_log_append_only'),
        ('hotline', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='PlaceCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(max_length=10, unique=True, verbose_name='码')),
                ('kind', models.CharField(choices=[('place', '场所'), ('unit', '单位'), ('cell', '网格'), ('project', '工地项目'), ('bus', '公交'), ('lift', '电梯')], max_length=10, verbose_name='种类')),
                ('name', models.CharField(max_length=60, verbose_name='名称')),
                ('place', models.CharField(blank=True, max_length=120, verbose_name='详细地点')),
                ('batch', models.CharField(blank=True, db_index=True, max_length=20, verbose_name='批次')),
                ('state', hotline.fsm.StateField(choices=[('active', '在用'), ('moved', '已更换'), ('revoked', '已停用')], default='active', max_length=10, protected=True, verbose_name='状态')),
                ('ended_because', models.CharField(blank=True, max_length=200, verbose_name='停用、更换的原因')),
                ('made_at', models.DateTimeField(verbose_name='建立时间')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='停用时间')),
                ('ended_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('moved_to', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels_merge.placecode', verbose_name='换成')),
                ('region', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hotline.region', verbose_name='地区')),
                ('unit', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hotline.unit', verbose_name='管理单位')),
            ],
            options={
                'verbose_name': '便民码',
                'verbose_name_plural': '便民码',
                'permissions': [('manage_codes', '管理便民码')],
                'constraints': [models.UniqueConstraint(models.F('kind'), models.F('region'), models.F('name'), models.F('place'), condition=models.Q(('state', 'active')), name='placecode_once_per_place'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('ended_because', ''), ('moved_to', None), ('state', 'active')), models.Q(('ended_at__isnull', False), ('moved_to__isnull', False), ('state', 'moved')), models.Q(('ended_at__isnull', False), ('moved_to', None), ('state', 'revoked'), models.Q(('ended_because', ''), _negated=True)), _connector='OR'), name='placecode_state_has_its_fields'), models.CheckConstraint(condition=models.Q(('moved_to', None), models.Q(('moved_to', models.F('id')), _negated=True), _connector='OR'), name='placecode_does_not_lead_to_itself'), models.CheckConstraint(condition=models.Q(('ended_by', None), ('ended_at__isnull', False), _connector='OR'), name='placecode_ended_by_has_time')],
            },
            bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
        ),
        migrations.CreateModel(
            name='CodeScan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='日期')),
                ('count', models.PositiveIntegerField(default=0, verbose_name='次数')),
                ('code', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='scans', to='channels_merge.placecode')),
            ],
            options={
                'verbose_name': '扫码次数',
                'verbose_name_plural': '扫码次数',
                'constraints': [models.UniqueConstraint(models.F('code'), models.F('day'), name='codescan_once_per_day')],
            },
        ),
        migrations.AddField(
            model_name='appeal',
            name='place_code',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels_merge.placecode', verbose_name='便民码'),
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=models.Index(models.F('place_code'), models.F('received_at'), condition=models.Q(('place_code__isnull', False)), name='appeal_by_place_code'),
        ),
    ]
