"""The work: contacts, groups, tags, leads, hygiene, posts, reports. Decisions, inside the caller's transaction."""
