"""Pages that join several apps, and the live stream."""
