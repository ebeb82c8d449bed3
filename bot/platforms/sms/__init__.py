"""Short messages, by whichever provider the settings name."""
