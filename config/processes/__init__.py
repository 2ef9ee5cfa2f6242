"""What `make run` is made of: keys, the supervisor, and the note about what is running."""
