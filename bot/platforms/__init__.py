"""The outside: WeCom, official accounts, and a simulator of both that shares no code with their clients."""
