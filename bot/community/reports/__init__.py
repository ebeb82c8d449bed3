"""Reports on the community: what to count, how to say it, how to draw it."""

from bot.community.reports.render import picture

__all__ = ["picture"]
