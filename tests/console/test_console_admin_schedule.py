"""The beat schedule in the admin, and what the beat process makes of it."""

import pytest
from django_celery_beat import schedulers
from django_celery_beat.models import PeriodicTask

from accounts.models import User
from config import beat
from config.celery import app
from config.scheduler import KeepingScheduler
from events.models import Event
from tests.people import browser_of
from tests.staff import act_on, confirm, list_of, text

TASK = "django_celery_beat/periodictask"


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the scheduler from closing the connection whose transaction holds what a test has written."""
    monkeypatch.setattr(schedulers, "close_old_connections", lambda: None)


def start_beat() -> KeepingScheduler:
    """The scheduler as it is after the start of its process."""
    scheduler = KeepingScheduler(app=app, lazy=True)
    scheduler.setup_schedule()
    return scheduler


@pytest.fixture
def sweep(db: None) -> PeriodicTask:
    """A task of the beat table."""
    start_beat()
    return PeriodicTask.objects.get(name="sweep rows")


class TestSchedule:
    def test_has_every_row_of_the_table(self, sweep: PeriodicTask, ada: User) -> None:
        page = text(browser_of(ada), list_of(TASK))

        assert [name for name in beat.SCHEDULE if name not in page] == []
        assert "daily at 00:07 UTC" in page

    def test_changes_an_interval_and_keeps_it_when_beat_starts_again(self, sweep: PeriodicTask, ada: User) -> None:
        confirm(browser_of(ada), act_on(TASK, sweep, "when"), every_s="30")

        scheduler = start_beat()

        sweep.refresh_from_db()
        assert (sweep.interval.every, sweep.interval.period, sweep.expire_seconds) == (30, "seconds", 60)
        assert scheduler.all_as_schedule()["sweep rows"].schedule.run_every.total_seconds() == 30
        told = Event.objects.get(kind="setting.changed")
        assert (told.actor, told.data["before"], told.data["after"]) == (ada, "every 5 s", "every 30 s")

    def test_takes_from_the_code_what_nobody_has_changed(self, sweep: PeriodicTask) -> None:
        PeriodicTask.objects.filter(pk=sweep.pk).update(kwargs='{"stale": true}')

        start_beat()

        sweep.refresh_from_db()
        assert sweep.kwargs == "{}"

    def test_changes_the_time_of_the_day(self, sweep: PeriodicTask, ada: User) -> None:
        daily = PeriodicTask.objects.get(name="write analytics")

        confirm(browser_of(ada), act_on(TASK, daily, "when"), hour="3", minute="30")

        daily.refresh_from_db()
        assert (daily.crontab.hour, daily.crontab.minute) == ("3", "30")

    @pytest.mark.parametrize("every", ["0", "-5", "86401", "soon", ""])
    def test_says_what_would_pass(self, sweep: PeriodicTask, ada: User, every: str) -> None:
        answer = browser_of(ada).post(act_on(TASK, sweep, "when"), {"every_s": every})

        sweep.refresh_from_db()
        assert answer.status_code == 422
        assert sweep.interval.every == 5

    def test_switches_off_and_on(self, sweep: PeriodicTask, ada: User) -> None:
        browser = browser_of(ada)

        confirm(browser, act_on(TASK, sweep, "off"))
        assert "sweep rows" not in start_beat().all_as_schedule()

        confirm(browser, act_on(TASK, sweep, "on"))
        assert "sweep rows" in start_beat().all_as_schedule()

    @pytest.mark.parametrize("act", ["when", "off", "on"])
    def test_is_not_a_provider_s(self, sweep: PeriodicTask, bob: User, act: str) -> None:
        answer = browser_of(bob).post(act_on(TASK, sweep, act), {"every_s": "30"})

        sweep.refresh_from_db()
        assert answer.status_code in (403, 404)
        assert (sweep.enabled, sweep.interval.every) == (True, 5)

    def test_names_no_task_of_one_s_own(self, sweep: PeriodicTask, ada: User) -> None:
        browser = browser_of(ada)

        answer = browser.post(f"{list_of(TASK)}add/", {"name": "mine", "task": "ExecuteSignalJob"})

        assert answer.status_code == 403
        assert not PeriodicTask.objects.filter(name="mine").exists()
