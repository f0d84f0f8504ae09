from django.db import migrations

FORWARD = """
CREATE FUNCTION hotline_security_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('hotline.retention', true) = 'on' AND TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'hotline_securitylog is append-only';
END $$;
CREATE TRIGGER hotline_security_log_append_only BEFORE UPDATE OR DELETE ON hotline_securitylog
    FOR EACH ROW EXECUTE FUNCTION hotline_security_log_is_append_only();
"""
BACKWARD = """
DROP TRIGGER hotline_security_log_append_only ON hotline_securitylog;
DROP FUNCTION hotline_security_log_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("hotline", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
