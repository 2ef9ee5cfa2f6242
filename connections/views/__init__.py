"""Pages of accounts at venues, and of how they trade."""
