"""The doors: callbacks, signed events, health, the console."""
