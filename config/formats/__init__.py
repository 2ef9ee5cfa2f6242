"""How Django writes times where we do not: always with their zone."""
