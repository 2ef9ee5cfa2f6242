"""Which queue each task waits in. Exits never wait behind entries, and neither waits behind housekeeping."""

ORDERS, EXITS, DEFAULT = "orders", "exits", "default"

_NAMES = {
    ORDERS: ("FanOutJob", "ExecuteSignalJob", "SweepRowsJob"),
    EXITS: ("AdvancePositionsJob", "MonitorPositionsJob", "ResolveJob", "ReconcileJob"),
}

#: Celery's task_routes; what is not named waits in the default queue.
ROUTES = {name: {"queue": queue} for queue, names in _NAMES.items() for name in names}
