"""Deterministic simulation: the real bot against the real local platform, in one thread, on a clock that a seed moves.

The dispatcher, the handlers, the engine, the outbox, the scheduler, the door and the clients are those of the house.
Three things stand in for the machine: the database lives in memory (`disk`), the clients reach the platform without
sockets (`wire`), and callbacks travel in a bag (`mailbag`). A seed decides everything else: who does what, what is
lost, repeated, late or cut, when the process dies, and what the clock does. `promises` says what must be true in the
end. The same seed tells the same story.
"""
