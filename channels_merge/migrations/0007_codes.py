from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("channels_merge", "0006_merging")]

    operations = []
