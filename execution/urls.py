"""Signals, subscriptions, executions, orders, positions and breaks."""

from django.urls import path

from execution.views import breaks, channels, executions, feed, orders, positions, subscriptions

app_name = "execution"

urlpatterns = [
    path("signals/", feed.feed, name="feed"),
    path("signals/<uuid:signal_id>/", feed.signal, name="signal"),
    path("channels/", channels.channels, name="channels"),
    path("channels/<slug:slug>/", channels.channel, name="channel"),
    path("channels/<slug:slug>/subscribe/", subscriptions.subscribe, name="subscribe"),
    path("subscriptions/<uuid:subscription_id>/", subscriptions.change, name="subscription"),
    path("subscriptions/<uuid:subscription_id>/end/", subscriptions.end, name="end_subscription"),
    path(
        "connections/<uuid:connection_id>/subscriptions/",
        subscriptions.of_connection,
        name="connection_subscriptions",
    ),
    path("positions/", positions.positions, name="positions"),
    path("positions/<uuid:position_id>/", positions.position, name="position"),
    path("positions/<uuid:position_id>/close/", positions.close, name="close"),
    path("executions/", executions.executions, name="executions"),
    path("executions/<uuid:log_id>/", executions.execution, name="execution"),
    path("executions/<uuid:log_id>/retry/", executions.retry, name="retry"),
    path("orders/", orders.orders, name="orders"),
    path("orders/<uuid:order_id>/", orders.order, name="order"),
    path("breaks/", breaks.breaks, name="breaks"),
    path("breaks/<uuid:break_id>/settle/", breaks.settle, name="settle"),
    path("breaks/<uuid:break_id>/compare/", breaks.compare, name="compare"),
]
