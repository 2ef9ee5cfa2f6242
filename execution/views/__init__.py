"""Pages of signals, subscriptions, executions, orders and positions."""
