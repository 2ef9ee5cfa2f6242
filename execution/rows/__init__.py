"""What pages show of signals, subscriptions, executions, orders and positions: plain values, read once."""
