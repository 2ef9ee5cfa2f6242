"""The scheduler of the beat process: it begins with the table of the code, and keeps what people have changed."""

from collections.abc import Mapping
from typing import Any

from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler


class KeepingScheduler(DatabaseScheduler):
    """Writes the rows of the beat table at every start, but those that ``console.schedule`` has changed."""

    def update_from_dict(self, mapping: Mapping[str, Mapping[str, Any]]) -> None:
        """Write what the code says of every name that nobody has changed since."""
        changed = PeriodicTask.objects.filter(name__in=list(mapping)).exclude(description="")
        kept = dict(changed.values_list("name", "task"))
        # Another task under the same name is another thing, whatever was changed about the former.
        fresh = {name: entry for name, entry in mapping.items() if kept.get(name) != entry["task"]}
        super().update_from_dict(fresh)
