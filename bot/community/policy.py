"""What the corp decided once and all its work goes by: roles, the lead line, how long to wait, the language.

It travels with the session of a unit of work, so that a rule deep down need not be handed it by everyone on the way.
"""

from functools import cache

from sqlmodel import Session

from bot.settings import Settings

_NAME = "settings"


def use(session: Session, settings: Settings) -> None:
    session.info[_NAME] = settings


def of(session: Session) -> Settings:
    """The settings in force; where nobody brought any, the defaults."""
    settings = session.info.get(_NAME)
    return settings if isinstance(settings, Settings) else _defaults()


@cache
def _defaults() -> Settings:
    return Settings.model_construct()
