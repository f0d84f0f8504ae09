import django.db.models.deletion

import django.db.models.deletion
import hotline.fsm
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels_merge', '0003_register'),
        ('hotline', '0002_security_log_append_only'),
        ('hotline', '__first__'),
        ('responsibility', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CodeMap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('category', '事项'), ('region', '地区')], max_length=10, verbose_name='种类')),
                ('code', models.CharField(max_length=60, verbose_name='来源代码')),
                ('name', models.CharField(blank=True, max_length=100, verbose_name='来源名称')),
                ('first_seen_at', models.DateTimeField(verbose_name='首次见到')),
                ('settled_at', models.DateTimeField(null=True, verbose_name='对应时间')),
            ],
            options={
                'verbose_name': '代码对应',
                'verbose_name_plural': '代码对应',
                'indexes': [models.Index(models.F('id'), condition=models.Q(('settled_at', None)), name='codemap_unsettled')],
            },
        ),
        migrations.CreateModel(
            name='InboundMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('message_id', models.CharField(max_length=120, verbose_name='消息编号')),
                ('door', models.CharField(choices=[('push', '对方推送'), ('pull', '定时去取'), ('folder', '交换文件夹')], max_length=10, verbose_name='方式')),
                ('event', models.CharField(blank=True, choices=[('appeal', '新诉求'), ('supplement', '补充'), ('urge', '催单'), ('withdraw', '撤单'), ('rating', '评价'), ('outcome', '接不接'), ('acknowledge', '收到回执'), ('', '看不懂')], max_length=12, verbose_name='种类')),
                ('number', models.CharField(blank=True, max_length=80, verbose_name='来源编号')),
                ('category_code', models.CharField(blank=True, max_length=60, verbose_name='来源事项代码')),
                ('region_code', models.CharField(blank=True, max_length=60, verbose_name='来源地区代码')),
                ('digest', models.CharField(max_length=64)),
                ('body_cipher', models.TextField(verbose_name='内容（密文）')),
                ('received_at', models.DateTimeField(verbose_name='收到时间')),
                ('waiting_since', models.DateTimeField(verbose_name='等待起')),
                ('state', models.CharField(choices=[('waiting', '等着处理'), ('done', '已入池'), ('parked', '搁置'), ('dismissed', '不再处理')], default='waiting', max_length=10, verbose_name='状态')),
                ('next_try_at', models.DateTimeField(null=True, verbose_name='下次处理')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='已试次数')),
                ('parked_for', models.CharField(blank=True, choices=[('', '—'), ('not_read', '内容读不出'), ('not_complete', '字段不对或缺少'), ('conflict', '同一编号内容不同'), ('no_appeal', '原诉求没有到'), ('refused', '不能办理'), ('fault', '处理时出错')], max_length=16, verbose_name='搁置原因')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='说明')),
                ('settled_at', models.DateTimeField(null=True, verbose_name='处理时间')),
            ],
            options={
                'verbose_name': '平台来件',
                'verbose_name_plural': '平台来件',
                'indexes': [models.Index(models.F('next_try_at'), models.F('id'), condition=models.Q(('next_try_at__isnull', False), ('state', 'waiting')), name='inbound_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'done', 'parked', 'dismissed'])), name='inbound_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('next_try_at', None), ('settled_at__isnull', False)), _connector='OR'), name='inbound_waits_until_it_is_settled'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['parked', 'dismissed']), _negated=True), models.Q(models.Q(('parked_for', ''), _negated=True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='inbound_parked_says_why')],
            },
        ),
        migrations.CreateModel(
            name='Line',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_open', models.BooleanField(default=True, verbose_name='接通')),
                ('algorithm', models.CharField(choices=[('HMAC-SHA256', 'HMAC-SHA256'), ('HMAC-SM3', 'HMAC-SM3（国密）')], default='HMAC-SHA256', max_length=12, verbose_name='签名算法')),
                ('secret_cipher', models.TextField(blank=True, editable=False, verbose_name='密钥（密文）')),
                ('secret_issued_at', models.DateTimeField(editable=False, null=True, verbose_name='密钥发放时间')),
                ('push_url', models.URLField(blank=True, max_length=300, verbose_name='推送地址')),
                ('last_in_at', models.DateTimeField(editable=False, null=True, verbose_name='最近来件')),
                ('last_out_at', models.DateTimeField(editable=False, null=True, verbose_name='最近送达')),
                ('failing_since', models.DateTimeField(editable=False, null=True, verbose_name='送不出起')),
                ('last_error', models.CharField(blank=True, editable=False, max_length=200, verbose_name='最近错误')),
            ],
            options={
                'verbose_name': '接入平台',
                'verbose_name_plural': '接入平台',
                'permissions': [('manage_lines', '管理接入平台和待发消息')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('secret_cipher', ''), ('secret_issued_at', None)), models.Q(models.Q(('secret_cipher', ''), _negated=True), ('secret_issued_at__isnull', False)), _connector='OR'), name='line_secret_has_its_date'), models.CheckConstraint(condition=models.Q(('push_url', ''), models.Q(('secret_cipher', ''), _negated=True), _connector='OR'), name='line_pushes_with_a_secret'), models.CheckConstraint(condition=models.Q(('failing_since', None), models.Q(('last_error', ''), _negated=True), _connector='OR'), name='line_failing_says_what_happened')],
            },
        ),
        migrations.CreateModel(
            name='LineMatter',
            fields=[
                ('appeal', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='line_matter', serialize=False, to='channels_merge.appeal')),
                ('due_at', models.DateTimeField(null=True, verbose_name='来件平台限期')),
                ('first_called', models.CharField(blank=True, choices=[('', '没有说明'), ('us', '先打 12345'), ('them', '先打对方')], max_length=4, verbose_name='先打给谁')),
                ('three_party', models.BooleanField(default=False, verbose_name='三方通话')),
            ],
            options={
                'verbose_name': '来件约定',
                'verbose_name_plural': '来件约定',
            },
        ),
        migrations.CreateModel(
            name='LineReturn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='退回时间')),
                ('reason', models.CharField(max_length=200, verbose_name='退回理由')),
                ('outcome', models.CharField(blank=True, choices=[('', '等待接应'), ('taken', '已接走'), ('declined', '未接走')], max_length=10, verbose_name='结果')),
                ('concluded_at', models.DateTimeField(null=True, verbose_name='结果时间')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='对方说明')),
            ],
            options={
                'verbose_name': '退回来件',
                'verbose_name_plural': '退回来件',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('concluded_at', None), ('outcome', '')), models.Q(models.Q(('outcome', ''), _negated=True), ('concluded_at__isnull', False)), _connector='OR'), name='linereturn_outcome_has_time'), models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'declined'), _negated=True), models.Q(('note', ''), _negated=True), _connector='OR'), name='linereturn_declined_says_why')],
            },
        ),
        migrations.CreateModel(
            name='LineSource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('door', models.CharField(choices=[('pull', '定时去取'), ('folder', '交换文件夹')], max_length=10, verbose_name='方式')),
                ('is_open', models.BooleanField(default=True, verbose_name='启用')),
                ('fields', models.JSONField(default=dict, verbose_name='字段对应')),
                ('url', models.URLField(blank=True, max_length=300, verbose_name='取数地址')),
                ('header_name', models.CharField(blank=True, max_length=60, verbose_name='认证头')),
                ('header_cipher', models.TextField(blank=True, editable=False, verbose_name='认证值（密文）')),
                ('list_path', models.CharField(blank=True, max_length=120, verbose_name='列表位置')),
                ('cursor_param', models.CharField(blank=True, max_length=60, verbose_name='断点参数')),
                ('cursor_path', models.CharField(blank=True, max_length=120, verbose_name='断点取自')),
                ('cursor', models.CharField(blank=True, max_length=200, verbose_name='断点')),
                ('page_param', models.CharField(blank=True, max_length=60, verbose_name='页码参数')),
                ('size_param', models.CharField(blank=True, max_length=60, verbose_name='每页参数')),
                ('page_size', models.PositiveSmallIntegerField(default=100, verbose_name='每页条数')),
                ('every_minutes', models.PositiveSmallIntegerField(default=5, verbose_name='间隔分钟')),
                ('next_at', models.DateTimeField(editable=False, null=True, verbose_name='下次')),
                ('read_at', models.DateTimeField(editable=False, null=True, verbose_name='最近读到')),
                ('failures', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='连续失败')),
                ('last_error', models.CharField(blank=True, editable=False, max_length=200, verbose_name='最近错误')),
            ],
            options={
                'verbose_name': '取件方式',
                'verbose_name_plural': '取件方式',
            },
        ),
        migrations.RemoveConstraint(
            model_name='appeal',
            name='appeal_state_is_known',
        ),
        migrations.RemoveConstraint(
            model_name='appeal',
            name='appeal_state_has_its_times',
        ),
        migrations.AddField(
            model_name='outboxmessage',
            name='acknowledged_at',
            field=models.DateTimeField(null=True, verbose_name='对方回执'),
        ),
        migrations.AddField(
            model_name='outboxmessage',
            name='revived_at',
            field=models.DateTimeField(null=True, verbose_name='重新发送'),
        ),
        migrations.AddField(
            model_name='outboxmessage',
            name='revived_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='transfer',
            name='three_party',
            field=models.BooleanField(default=False, verbose_name='三方通话'),
        ),
        migrations.AlterField(
            model_name='appeal',
            name='state',
            field=hotline.fsm.StateField(choices=[('received', '待受理'), ('need_info', '待补充'), ('answered', '已直接答复'), ('transferred', '已转紧急热线'), ('redirected', '已告知法定途径'), ('explained', '已解释'), ('malicious', '已移交'), ('accepted', '已受理'), ('withdrawn', '已撤回'), ('returned', '已退回来件平台')], default='received', max_length=20, protected=True, verbose_name='状态'),
        ),
        migrations.AlterField(
            model_name='channel',
            name='kind',
            field=models.CharField(choices=[('phone', '电话'), ('web', '网页'), ('qr', '便民码'), ('mini_program', '小程序'), ('hotline', '其他热线'), ('province', '省平台'), ('petition', '信访'), ('grid', '网格'), ('board', '领导留言板'), ('oversight', '互联网+督查'), ('window', '服务窗口'), ('mailbox', '信箱'), ('import', '批量导入')], max_length=20, verbose_name='种类'),
        ),
        migrations.AlterField(
            model_name='interaction',
            name='kind',
            field=models.CharField(choices=[('new', '新诉求'), ('urge', '催单'), ('supplement', '补充'), ('withdraw', '撤单'), ('progress', '问进度'), ('rating', '评价')], max_length=20, verbose_name='种类'),
        ),
        migrations.AlterField(
            model_name='outboxmessage',
            name='kind',
            field=models.CharField(choices=[('registered', '登记告知'), ('need_info', '请补充'), ('answered', '答复'), ('status', '进展'), ('result', '办理结果'), ('return', '退回来件'), ('transfer', '转接过去')], max_length=20, verbose_name='种类'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['received', 'need_info', 'answered', 'transferred', 'redirected', 'explained', 'malicious', 'accepted', 'withdrawn', 'returned'])), name='appeal_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['need_info', 'received']), ('accepted_at', None), ('concluded_at', None)), models.Q(('accepted_at__isnull', False), ('concluded_at', None), ('state', 'accepted')), models.Q(('accepted_at', None), ('concluded_at__isnull', False), ('state__in', ['answered', 'explained', 'malicious', 'redirected', 'returned', 'transferred'])), models.Q(('concluded_at__isnull', False), ('state', 'withdrawn')), _connector='OR'), name='appeal_state_has_its_times'),
        ),
        migrations.AddField(
            model_name='codemap',
            name='category',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='responsibility.category', verbose_name='本市事项'),
        ),
        migrations.AddField(
            model_name='codemap',
            name='region',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hotline.region', verbose_name='本市地区'),
        ),
        migrations.AddField(
            model_name='codemap',
            name='settled_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='inboundmessage',
            name='appeal',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels_merge.appeal'),
        ),
        migrations.AddField(
            model_name='inboundmessage',
            name='settled_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='line',
            name='channel',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='line', to='channels_merge.channel', verbose_name='渠道'),
        ),
        migrations.AddField(
            model_name='inboundmessage',
            name='line',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels_merge.line'),
        ),
        migrations.AddField(
            model_name='codemap',
            name='line',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='codes', to='channels_merge.line'),
        ),
        migrations.AddField(
            model_name='outboxmessage',
            name='line',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels_merge.line'),
        ),
        migrations.AddIndex(
            model_name='outboxmessage',
            index=models.Index(models.F('appeal'), models.F('id'), condition=models.Q(('dead_at', None), ('sent_at', None)), name='outbox_in_order'),
        ),
        migrations.AddIndex(
            model_name='outboxmessage',
            index=models.Index(models.OrderBy(models.F('dead_at'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('dead_at__isnull', False)), name='outbox_dead'),
        ),
        migrations.AddIndex(
            model_name='outboxmessage',
            index=models.Index(models.F('line'), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('line__isnull', False)), name='outbox_of_line'),
        ),
        migrations.AddConstraint(
            model_name='outboxmessage',
            constraint=models.CheckConstraint(condition=models.Q(('dead_at', None), models.Q(('last_error', ''), _negated=True), _connector='OR'), name='outbox_dead_says_why'),
        ),
        migrations.AddConstraint(
            model_name='outboxmessage',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('revived_at', None), ('revived_by', None)), models.Q(('revived_at__isnull', False), ('revived_by__isnull', False)), _connector='OR'), name='outbox_revived_says_by_whom'),
        ),
        migrations.AddField(
            model_name='linematter',
            name='line',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='channels_merge.line'),
        ),
        migrations.AddField(
            model_name='linereturn',
            name='appeal',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='line_returns', to='channels_merge.appeal'),
        ),
        migrations.AddField(
            model_name='linereturn',
            name='by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='linesource',
            name='line',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='sources', to='channels_merge.line'),
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(models.F('line'), models.F('number'), condition=models.Q(('state', 'waiting')), name='inbound_of_matter'),
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(models.F('line'), models.OrderBy(models.F('id'), descending=True), name='inbound_of_line'),
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(models.F('line'), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('state', 'parked')), name='inbound_parked'),
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(models.F('line'), models.F('category_code'), condition=models.Q(('category_code', ''), _negated=True), name='inbound_category'),
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(models.F('line'), models.F('region_code'), condition=models.Q(('region_code', ''), _negated=True), name='inbound_region'),
        ),
        migrations.AddConstraint(
            model_name='inboundmessage',
            constraint=models.UniqueConstraint(models.F('line'), models.F('message_id'), name='inbound_once_per_message_id'),
        ),
        migrations.AddConstraint(
            model_name='codemap',
            constraint=models.UniqueConstraint(models.F('line'), models.F('kind'), models.F('code'), name='codemap_once_per_code'),
        ),
        migrations.AddConstraint(
            model_name='codemap',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'category'), ('region', None)), models.Q(('category', None), ('kind', 'region')), _connector='OR'), name='codemap_target_is_of_its_kind'),
        ),
        migrations.AddConstraint(
            model_name='codemap',
            constraint=models.CheckConstraint(condition=models.Q(('settled_at__isnull', False), models.Q(('category', None), ('region', None), ('settled_by', None)), _connector='OR'), name='codemap_target_has_its_time'),
        ),
        migrations.AddConstraint(
            model_name='linereturn',
            constraint=models.UniqueConstraint(models.F('appeal'), condition=models.Q(('outcome', '')), name='linereturn_one_open_per_appeal'),
        ),
        migrations.AddConstraint(
            model_name='linesource',
            constraint=models.UniqueConstraint(models.F('line'), models.F('door'), name='linesource_one_of_each_door'),
        ),
        migrations.AddConstraint(
            model_name='linesource',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('door', 'pull'), _negated=True), models.Q(('url', ''), _negated=True), _connector='OR'), name='linesource_pull_has_address'),
        ),
        migrations.AddConstraint(
            model_name='linesource',
            constraint=models.CheckConstraint(condition=models.Q(('every_minutes__gte', 1), ('page_size__gte', 1)), name='linesource_sizes_are_positive'),
        ),
    ]
