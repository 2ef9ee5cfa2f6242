"""The beat schedule: what happens by the clock. When may change; what is done there may not."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.admin import ModelAdmin
from unfold.decorators import action

from accounts.admin_acts import ActsMixin, Question, entered
from accounts.admin_support import AdministratorsOnlyMixin, FastListMixin, HistoryMixin
from accounts.clients import user_of
from accounts.models import User
from console import schedule
from console.forms import DailyForm, IntervalForm
from core.clock import now

# Whoever could name tasks and arguments here could trade by them.
admin.site.unregister([ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule])


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(HistoryMixin, AdministratorsOnlyMixin, FastListMixin, ActsMixin, ModelAdmin):
    list_display = ("name", "runs", "enabled", "last_run_at", "task")
    list_select_related = ("interval", "crontab")
    ordering = ("name",)
    fields = (
        "name",
        "runs",
        "enabled",
        "task",
        "kwargs",
        "expire_seconds",
        "last_run_at",
        "total_run_count",
        "description",
    )
    actions_row = ("change_when", "switch_off", "switch_on")
    actions_detail = ("change_when", "switch_off", "switch_on")

    def possible(self, row: PeriodicTask, user: User) -> set[str]:
        """Return the acts that make sense now."""
        acts = {"switch_off"} if row.enabled else {"switch_on"}
        return acts | {"change_when"} if row.interval_id or row.crontab_id else acts

    @admin.display(description="Runs")
    def runs(self, row: PeriodicTask) -> str:
        return schedule.when(row)

    @action(description="Change when", icon="schedule", url_path="when", permissions=["administer"])
    def change_when(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.found(request, object_id)
        form = _form_of(found, request)

        def do() -> str:
            change = schedule.change_interval if found.interval_id else schedule.change_time
            change(task=found, actor=user_of(request), now=now(), **form.cleaned_data)
            return f"{found.name}: {schedule.when(found)}. The scheduler sees it within seconds."

        question = Question(f"When {found.name}?", "Save", facts=[("Now", schedule.when(found))], form=form)
        refusals = (schedule.InvalidSchedule,)
        return self.act(request, question, do, back=self.page_address(found), refusals=refusals)

    @action(description="Switch off", icon="stop", url_path="off", permissions=["administer"])
    def switch_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        words = "It no longer happens by the clock. Some of these guard money: know what you do."
        return self._switch(request, object_id, is_enabled=False, name="Switch off", words=words)

    @action(description="Switch on", icon="play_arrow", url_path="on", permissions=["administer"])
    def switch_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        words = "It happens by the clock again."
        return self._switch(request, object_id, is_enabled=True, name="Switch on", words=words)

    def _switch(
        self, request: HttpRequest, object_id: str, *, is_enabled: bool, name: str, words: str
    ) -> HttpResponse:
        found = self.found(request, object_id)

        def do() -> str:
            schedule.switch(task=found, is_enabled=is_enabled, actor=user_of(request), now=now())
            return f"{found.name}: {schedule.when(found)}."

        question = Question(f"{name}: {found.name}?", name, words, is_grave=not is_enabled)
        return self.act(request, question, do, back=self.page_address(found))


def _form_of(task: PeriodicTask, request: HttpRequest) -> IntervalForm | DailyForm:
    if task.interval_id:
        seconds = int(task.interval.schedule.run_every.total_seconds())
        return IntervalForm(entered(request), initial={"every_s": seconds})
    return DailyForm(entered(request), initial={"hour": task.crontab.hour, "minute": task.crontab.minute})
