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
CREATE FUNCTION channels_merge_channel_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'channels_merge_channelevent is append-only';
END $$;
CREATE TRIGGER channels_merge_channel_event_append_only BEFORE UPDATE OR DELETE ON channels_merge_channelevent
    FOR EACH ROW EXECUTE FUNCTION channels_merge_channel_event_is_append_only();
CREATE FUNCTION channels_merge_code_correction_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'channels_merge_codecorrection is append-only';
END $$;
CREATE TRIGGER channels_merge_code_correction_append_only BEFORE UPDATE OR DELETE ON channels_merge_codecorrection
    FOR EACH ROW EXECUTE FUNCTION channels_merge_code_correction_is_append_only();
"""
BACKWARD = """
DROP TRIGGER channels_merge_code_correction_append_only ON channels_merge_codecorrection;
DROP FUNCTION channels_merge_code_correction_is_append_only();
DROP TRIGGER channels_merge_channel_event_append_only ON channels_merge_channelevent;
DROP FUNCTION channels_merge_channel_event_is_append_only();
DROP TRIGGER channels_merge_appeal_event_append_only ON channels_merge_appealevent;
DROP FUNCTION channels_merge_appeal_event_is_append_only();
"""
# Packed numbers do not get smaller; trying costs more than the rest of writing them.
NOT_PACKED_AGAIN = "ALTER TABLE channels_merge_posting ALTER COLUMN appeals SET STORAGE EXTERNAL"


class Migration(migrations.Migration):
    dependencies = [("channels_merge", "0001_initial")]

    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunSQL(NOT_PACKED_AGAIN, migrations.RunSQL.noop),
    ]
