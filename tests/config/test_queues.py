"""Where tasks wait."""

from config.celery import app
from config.queues import DEFAULT, EXITS, ORDERS, ROUTES


def queue_of(task: str) -> str:
    return str(app.amqp.router.route({}, task)["queue"].name)


class TestQueues:
    def test_know_every_task_they_name(self) -> None:
        app.loader.import_default_modules()

        assert set(ROUTES) <= set(app.tasks)

    def test_keep_exits_from_waiting_behind_entries(self) -> None:
        assert queue_of("ExecuteSignalJob") == ORDERS
        assert queue_of("MonitorPositionsJob") == EXITS
        assert queue_of("ResolveJob") == EXITS

    def test_leave_the_rest_to_the_default_one(self) -> None:
        assert queue_of("TestConnectionHealthJob") == DEFAULT

    def test_are_named_nowhere_else(self) -> None:
        app.loader.import_default_modules()
        ours = [task for name, task in app.tasks.items() if not name.startswith("celery.")]

        assert [task.name for task in ours if getattr(task, "queue", None)] == []
