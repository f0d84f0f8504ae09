from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("channels_merge", "0002_append_only")]

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
    ]
