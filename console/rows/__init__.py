"""What pages show of several apps together."""
