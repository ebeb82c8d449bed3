"""The spine: events from the inbox to their handlers, calls from the outbox to their platforms, timers when due."""
