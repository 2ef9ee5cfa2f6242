"""Every address under /api/."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from accounts.rest.problems import unknown_endpoint
from analytics.api import CostViewSet, DailyViewSet
from connections.api.connections import ConnectionViewSet
from connections.api.data_connections import DataConnectionViewSet
from connections.api.kinds import KindsView
from connections.api.presets import PresetViewSet
from console.api.desk import SignalDeskViewSet
from events.api.notifications import NotificationViewSet
from execution.api.breaks import BreakViewSet
from execution.api.executions import ExecutionViewSet
from execution.api.orders import FillViewSet, OrderViewSet
from execution.api.positions import PositionViewSet
from execution.api.subscriptions import SubscriptionViewSet
from signals.api.channels import ChannelViewSet
from signals.api.signals import SignalViewSet

router = SimpleRouter(use_regex_path=False)
router.register("channels", ChannelViewSet, "channel")
router.register("signals", SignalViewSet, "signal")
# The same address in a higher app: what needs to see every account.
router.register("signals", SignalDeskViewSet, "signal-desk")
router.register("connections", ConnectionViewSet, "connection")
router.register("data-connections", DataConnectionViewSet, "data-connection")
router.register("presets", PresetViewSet, "preset")
router.register("subscriptions", SubscriptionViewSet, "subscription")
router.register("executions", ExecutionViewSet, "execution")
router.register("orders", OrderViewSet, "order")
router.register("fills", FillViewSet, "fill")
router.register("positions", PositionViewSet, "position")
router.register("breaks", BreakViewSet, "break")
router.register("notifications", NotificationViewSet, "notification")
router.register("analytics/daily", DailyViewSet, "daily-analytic")
router.register("analytics/costs", CostViewSet, "order-cost")

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include("accounts.rest.urls")),
    path("v1/kinds/", KindsView.as_view(), name="kinds"),
    path("v1/", include(router.urls)),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(), name="docs"),
    re_path(r"", unknown_endpoint),
]
