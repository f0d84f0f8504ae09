from django.db import migrations

TABLES = (
    "responsibility_dutylistevent",
    "responsibility_dutyitemevent",
    "responsibility_dutylistopinion",
    "responsibility_routingmodelevent",
)


def forward(table: str) -> str:
    return f"""
CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{table} is append-only';
END $$;
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {table}_is_append_only();
"""


def backward(table: str) -> str:
    return f"DROP TRIGGER {table}_append_only ON {table}; DROP FUNCTION {table}_is_append_only();"


class Migration(migrations.Migration):
    dependencies = [("responsibility", "0001_initial")]

    operations = [migrations.RunSQL(forward(table), backward(table)) for table in TABLES]
