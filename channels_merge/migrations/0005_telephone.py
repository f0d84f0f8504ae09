from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("channels_merge", "0004_lines")]

    operations = []
