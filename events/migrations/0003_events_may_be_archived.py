"""Sealed events may leave the table, but only into a file whose name and end of chain stay here for ever."""

from django.db import migrations, models
from django.utils import timezone

FORWARDS = """
CREATE OR REPLACE FUNCTION events_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.sequence IS NULL OR NOT EXISTS (
            SELECT 1 FROM events_eventarchive AS a
             WHERE OLD.sequence BETWEEN a.first_sequence AND a.last_sequence) THEN
            RAISE EXCEPTION 'Events are never deleted before they are archived (event %).', OLD.id;
        END IF;
        RETURN OLD;
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
CREATE FUNCTION events_eventarchive_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Archives are never changed or deleted (archive %).', OLD.id;
END $$;
CREATE TRIGGER events_eventarchive_append_only BEFORE UPDATE OR DELETE ON events_eventarchive
    FOR EACH ROW EXECUTE FUNCTION events_eventarchive_is_append_only();
"""
BACKWARDS = """
DROP TRIGGER events_eventarchive_append_only ON events_eventarchive;
DROP FUNCTION events_eventarchive_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0002_event_rows_are_only_added")]
    operations = [
        migrations.CreateModel(
            name="EventArchive",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("first_sequence", models.BigIntegerField(unique=True)),
                ("last_sequence", models.BigIntegerField(unique=True)),
                ("last_hash", models.CharField(max_length=64)),
                ("file_name", models.CharField(max_length=120)),
                ("digest", models.CharField(max_length=64)),
                ("archived_at", models.DateTimeField(default=timezone.now)),
            ],
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
