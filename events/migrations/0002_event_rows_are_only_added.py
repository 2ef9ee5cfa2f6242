"""A trigger that keeps the event log append-only: rows are added and sealed, never changed, never deleted."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION events_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'Events are never deleted (event %).', OLD.id;
    END IF;
    IF OLD.sequence IS NOT NULL OR NEW.sequence IS NULL
       OR (NEW.id, NEW.uid, NEW.kind, NEW.subject_type, NEW.subject_id, NEW.occurred_at, NEW.data)
          IS DISTINCT FROM
          (OLD.id, OLD.uid, OLD.kind, OLD.subject_type, OLD.subject_id, OLD.occurred_at, OLD.data)
       OR NEW.owner_id IS DISTINCT FROM OLD.owner_id OR NEW.actor_id IS DISTINCT FROM OLD.actor_id THEN
        RAISE EXCEPTION 'Events are sealed once and otherwise never changed (event %).', OLD.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER events_event_append_only BEFORE UPDATE OR DELETE ON events_event
    FOR EACH ROW EXECUTE FUNCTION events_event_is_append_only();
"""
BACKWARDS = """
DROP TRIGGER events_event_append_only ON events_event;
DROP FUNCTION events_event_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
