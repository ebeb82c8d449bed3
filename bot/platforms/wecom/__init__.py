"""WeCom: its callbacks as events, its API as calls."""
