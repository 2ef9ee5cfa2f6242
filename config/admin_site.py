"""The admin's looks and its sidebar. Who may see an entry is asked of the class behind it, or of the role."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import lazystr

_STAFF, _ADMINISTRATORS = "accounts.admin_support.is_staff", "accounts.admin_support.is_administrator"


def _item(title: str, icon: str, model: str, permission: str = _STAFF) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{model}_changelist"),
        "permission": permission,
    }


def _file(path: str) -> Callable[[HttpRequest], str]:
    # Static files get their names when they are collected, which is after the settings are read.
    return lambda request: static(path)


NAVIGATION: list[dict[str, Any]] = [
    {
        "items": [
            {"title": "Overview", "icon": "dashboard", "link": reverse_lazy("admin:index"), "permission": _STAFF},
            {
                "title": "The site",
                "icon": "open_in_new",
                "link": lazystr("/"),
                "permission": _STAFF,
                # Every address begins with it.
                "active": lambda request: False,
            },
        ]
    },
    {
        "title": "Publishing",
        "items": [
            _item("Signals", "campaign", "signals_signal"),
            _item("Channels", "podcasts", "signals_channel"),
            _item("Subscriptions", "rss_feed", "execution_subscription"),
        ],
    },
    {
        "title": "Trading",
        "items": [
            _item("Executions", "rule", "execution_executionlog"),
            _item("Orders", "receipt_long", "execution_order"),
            _item("Fills", "done_all", "execution_fill"),
            _item("Positions", "account_balance_wallet", "positions_executionposition"),
            _item("Breaks", "difference", "execution_break"),
            _item("Days", "monitoring", "analytics_executionanalytic"),
        ],
    },
    {
        "title": "Accounts at venues",
        "items": [
            _item("Accounts", "cable", "connections_executionconnection"),
            _item("Presets", "tune", "connections_tradingpreset"),
            _item("Data sources", "lan", "connections_dataconnection", _ADMINISTRATORS),
            _item("Instruments", "price_check", "marketdata_instrument"),
        ],
    },
    {
        "title": "People",
        "items": [
            _item("Users", "group", "accounts_user", _ADMINISTRATORS),
            _item("API tokens", "key", "accounts_apitoken", _ADMINISTRATORS),
        ],
    },
    {
        "title": "Operations",
        "items": [
            _item("Events", "history", "events_event"),
            _item("Deliveries", "outbox", "events_delivery", _ADMINISTRATORS),
            _item("E-mails", "mail", "events_notificationmail", _ADMINISTRATORS),
            _item("Settings", "settings", "events_operationalsetting", _ADMINISTRATORS),
            _item("Schedule", "schedule", "django_celery_beat_periodictask", _ADMINISTRATORS),
        ],
    },
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Signalbox",
    "SITE_HEADER": "Signalbox",
    "SITE_SYMBOL": "traffic",
    "SITE_URL": "/",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _file("img/favicon.svg")}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "DASHBOARD_CALLBACK": "console.dashboard.fill_in",
    "STYLES": [_file("css/admin.css")],
    "SCRIPTS": [_file("js/copy.js")],
    "SIDEBAR": {"show_search": True, "show_all_applications": False, "navigation": NAVIGATION},
}
