"""Actions, one a file: `do: add_tag` is `add_tag()` in `add_tag.py`. The folder is the registry."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from bot.sop.actions import Action


@cache
def all_actions() -> Mapping[str, Action]:
    """Every action by its name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: getattr(importlib.import_module(f"{__name__}.{name}"), name) for name in names}
