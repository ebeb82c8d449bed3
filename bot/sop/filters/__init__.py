"""Filters: `contact.city` is `city()` in `contact.py`. The folder is the registry."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from bot.sop.filters.kind import Filter


@cache
def all_filters() -> Mapping[str, Filter]:
    """Every filter by its name."""
    found: dict[str, Filter] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        members = vars(importlib.import_module(f"{__name__}.{module.name}")).values()
        found.update({one.name: one for one in members if isinstance(one, Filter)})
    return found
