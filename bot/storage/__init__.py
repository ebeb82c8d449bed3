"""The memory: the database, the three ledgers, wake-up calls between workers. Only this package writes SQL."""
