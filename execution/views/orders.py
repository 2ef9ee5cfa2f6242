"""Orders: those in doubt first, with what every source of the venue has answered."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.clients import user_of
from accounts.pages import show
from accounts.paging import BEFORE, page_of
from execution import selectors
from execution.forms import OrderFilter
from execution.machine import OPEN
from execution.models import Order
from execution.rows.orders import order_row

#: More orders in doubt than this mean one trouble, not many.
MOST_IN_DOUBT = 50


@login_required
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """List orders, newest first; what is in doubt stands above them."""
    user = user_of(request)
    form = OrderFilter(request.GET, user=user)
    visible = selectors.orders_visible_to(user).select_related("connection__owner")
    found = page_of(_wanted(visible, form), request)
    shows_doubts = not request.GET.get("show") and BEFORE not in request.GET
    doubts = visible.filter(in_doubt=True).order_by("doubt_since")[:MOST_IN_DOUBT] if shows_doubts else []
    context = {
        "rows": [order_row(each, user) for each in found.rows],
        "doubts": [order_row(each, user) for each in doubts],
        "page": found,
        "form": form,
        "is_filtered": form.is_valid() and bool(form.chosen()),
        "shows_owner": user.is_staff,
    }
    return show(request, "execution/orders.html", context, partial="execution/_orders.html")


@login_required
@require_safe
def order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Show one order: its life, its ids, its fills and the evidence."""
    user = user_of(request)
    visible = selectors.orders_visible_to(user).select_related("connection__owner")
    found = visible.filter(pk=order_id).first()
    if found is None:
        raise Http404
    fills = found.fills.order_by("traded_at").values(
        "venue_trade_id", "quantity", "price", "fee", "fee_currency", "is_maker", "traded_at"
    )
    context = {"row": order_row(found, user), "fills": list(fills), "cost": _cost_of(found)}
    return show(request, "execution/order.html", context, partial="execution/_order.html")


def _wanted(visible: QuerySet[Order], form: OrderFilter) -> QuerySet[Order]:
    if not form.is_valid():
        return visible.none()
    chosen = form.chosen()
    which: dict[str, dict[str, object]] = {
        "doubt": {"in_doubt": True},
        "open": {"state__in": OPEN, "is_held": False},
        "flagged": {"is_flagged": True},
    }
    rows = visible.filter(**which.get(chosen.get("show", ""), {}))
    return rows.filter(connection=chosen["connection"]) if "connection" in chosen else rows


def _cost_of(order: Order) -> dict[str, object] | None:
    cost = getattr(order, "cost", None)
    if cost is None:
        return None
    return {
        "expected_price": cost.expected_price,
        "fill_price": cost.fill_price,
        "slippage_bps": cost.slippage_bps,
        "slippage_pips": cost.slippage_pips,
        "amount": cost.amount,
    }
