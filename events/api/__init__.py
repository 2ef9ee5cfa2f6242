"""What this app shows under /api/v1/."""
