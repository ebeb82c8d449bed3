"""Words: pure functions over Chinese text, nothing that reads or writes the world."""
