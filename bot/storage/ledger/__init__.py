"""The three ledgers: the inbox receives and finishes, timers are set and fire, the outbox plans and concludes.

Everything here runs inside the caller's transaction. What several workers may do at once is decided by the database: a
claimed row is locked until its transaction ends, and a row is not claimed while an older open row of its subject waits.
"""
