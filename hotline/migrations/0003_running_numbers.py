from django.db import migrations

PREFIXES = ("s", "gz", "q", "bm")


class Migration(migrations.Migration):
    """The running numbers of appeals, tickets, channels and sheets of codes (hotline/numbers.py)."""

    dependencies = [("hotline", "0002_security_log_append_only")]

    operations = [
        migrations.RunSQL(f"CREATE SEQUENCE hotline_number_{prefix}", f"DROP SEQUENCE hotline_number_{prefix}")
        for prefix in PREFIXES
    ]
