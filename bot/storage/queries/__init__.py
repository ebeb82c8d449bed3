"""Questions and answers in SQL, one theme a module: functions of a session that return rows."""
