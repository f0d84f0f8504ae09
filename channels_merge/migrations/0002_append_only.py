from django.db import migrations

FORWARD = """
CREATE FUNCTION channels_merge_appeal_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('hotline.retention', true) = 'on' AND TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'channels_merge_appealevent is append-only';
END $$;
CREATE TRIGGER channels_merge_appeal_event_append_only BEFORE UPDATE OR DELETE ON channels_merge_appealevent
    FOR EACH ROW EXECUTE FUNCTION channels_merge_appeal_event_is_append_only();
"""
BACKWARD = """
DROP TRIGGER channels_merge_appeal_event_append_only ON channels_merge_appealevent;
DROP FUNCTION channels_merge_appeal_event_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("channels_merge", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
