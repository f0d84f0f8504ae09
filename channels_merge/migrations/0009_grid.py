import django.contrib.postgres.fields

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels_merge', '0008_petition'),
    ]

    operations = [
        migrations.CreateModel(
            name='GridEventClass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=20, unique=True, verbose_name='代码')),
                ('group', models.CharField(max_length=40, verbose_name='大类')),
                ('name', models.CharField(max_length=60, verbose_name='名称')),
                ('covers', models.CharField(max_length=300, verbose_name='采集什么')),
                ('needed', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), size=None, verbose_name='必填字段')),
                ('reporters', models.CharField(max_length=100, verbose_name='谁上报')),
                ('handlers', models.CharField(max_length=100, verbose_name='谁处置')),
                ('kind', models.CharField(choices=[('consult', '咨询'), ('help', '求助'), ('complaint', '投诉'), ('report', '举报'), ('suggest', '建议'), ('praise', '表扬')], max_length=20, verbose_name='诉求类型')),
                ('urgency', models.CharField(choices=[('normal', '一般'), ('urgent', '紧急'), ('critical', '特急')], max_length=20, verbose_name='紧急程度')),
                ('mark', models.CharField(blank=True, max_length=60, verbose_name='标注')),
            ],
            options={
                'verbose_name': '网格事件类别',
                'verbose_name_plural': '网格事件类别',
                'permissions': [('view_grid_standard', '查看网格采集标准')],
            },
        ),
        migrations.CreateModel(
            name='GridCell',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40, unique=True, verbose_name='网格编码')),
                ('name', models.CharField(max_length=80, verbose_name='网格名称')),
                ('outline', models.JSONField(null=True, verbose_name='边界')),
                ('loaded_at', models.DateTimeField(verbose_name='导入时间')),
                ('region', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hotline.region', verbose_name='地区')),
            ],
            options={
                'verbose_name': '网格',
                'verbose_name_plural': '网格',
                'permissions': [('view_grid', '查看网格标准、网格和网格事件'), ('manage_grid', '导入网格和网格事件')],
                'indexes': [models.Index(models.F('region'), models.F('code'), name='gridcell_of_region')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('code', ''), _negated=True), models.Q(('name', ''), _negated=True)), name='gridcell_has_code_and_name')],
            },
        ),
        migrations.CreateModel(
            name='GridCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(max_length=500, verbose_name='去看什么')),
                ('place', models.CharField(max_length=200, verbose_name='地点')),
                ('asked_at', models.DateTimeField(verbose_name='派出时间')),
                ('due_at', models.DateTimeField(verbose_name='截止时间')),
                ('state', models.CharField(choices=[('open', '等待核查'), ('done', '已核查'), ('called_off', '已取消')], default='open', max_length=10, verbose_name='状态')),
                ('found', models.CharField(blank=True, choices=[('yes', '属实'), ('partly', '部分属实'), ('no', '不属实')], max_length=8, verbose_name='是否属实')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='结束时间')),
                ('asked_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('assignment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.assignment', verbose_name='本单位的承办')),
                ('event', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.ticketevent')),
                ('worker', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '现场核查任务',
                'verbose_name_plural': '现场核查任务',
                'permissions': [('do_grid_check', '到现场核查并上报')],
                'indexes': [models.Index(models.F('worker'), models.F('due_at'), models.F('id'), condition=models.Q(('state', 'open')), name='gridcheck_waiting'), models.Index(models.F('worker'), models.OrderBy(models.F('asked_at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='gridcheck_of_worker')],
                'constraints': [models.UniqueConstraint(models.F('assignment'), models.F('worker'), condition=models.Q(('state', 'open')), name='gridcheck_one_open_per_worker'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('event', None), ('found', ''), ('state', 'open')), models.Q(('ended_at__isnull', False), ('event__isnull', False), ('state', 'done'), models.Q(('found', ''), _negated=True)), models.Q(('ended_at__isnull', False), ('event', None), ('found', ''), ('state', 'called_off')), _connector='OR'), name='gridcheck_state_has_its_facts'), models.CheckConstraint(condition=models.Q(models.Q(('what', ''), _negated=True), models.Q(('place', ''), _negated=True)), name='gridcheck_says_what_and_where')],
            },
        ),
        migrations.CreateModel(
            name='GridEvent',
            fields=[
                ('appeal', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='grid_event', serialize=False, to='channels_merge.appeal')),
                ('longitude', models.DecimalField(decimal_places=6, max_digits=9, null=True, verbose_name='经度')),
                ('latitude', models.DecimalField(decimal_places=6, max_digits=9, null=True, verbose_name='纬度')),
                ('people', models.PositiveIntegerField(null=True, verbose_name='涉及人数')),
                ('found_at', models.DateTimeField(null=True, verbose_name='发现时间')),
                ('taken_in_at', models.DateTimeField(verbose_name='收到时间')),
                ('cell', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels_merge.gridcell', verbose_name='网格')),
                ('event_class', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels_merge.grideventclass', verbose_name='类别')),
            ],
            options={
                'verbose_name': '网格事件',
                'verbose_name_plural': '网格事件',
                'indexes': [models.Index(models.OrderBy(models.F('taken_in_at'), descending=True), models.OrderBy(models.F('appeal'), descending=True), name='gridevent_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('latitude', None), ('longitude', None)), models.Q(('latitude__isnull', False), ('longitude__isnull', False)), _connector='OR'), name='gridevent_point_is_whole')],
            },
        ),
    ]
