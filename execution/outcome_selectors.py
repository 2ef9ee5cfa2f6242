"""Reading how signals ended, for those who published them."""

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Value

from accounts.models import User
from connections.selectors import connections_visible_to
from execution.models import ExecutionLog
from signals.selectors import signals_run_by


def outcomes_visible_to(user: User) -> QuerySet[ExecutionLog]:
    """Return the executions a user may see, and for a provider those of own signals on everybody's accounts.

    ``is_in_full`` tells the two apart: where it is false, nothing but outcome and reason may be shown.
    """
    if user.is_administrator:
        return ExecutionLog.objects.annotate(is_in_full=Value(value=True))
    visible = Q(connection__in=connections_visible_to(user))
    if not user.is_provider:
        return ExecutionLog.objects.filter(visible).annotate(is_in_full=Value(value=True))
    rows = ExecutionLog.objects.filter(visible | Q(signal__in=signals_run_by(user)))
    return rows.annotate(is_in_full=ExpressionWrapper(visible, output_field=BooleanField()))
