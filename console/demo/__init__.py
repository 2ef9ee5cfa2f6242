"""The demo: a provider, twenty-five accounts at the simulated exchange, and one signal told to its end."""
