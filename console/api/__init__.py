"""What joins several apps, for programs."""
