"""Knowledge: ids, events, calls and tables. Values only, no I/O."""
