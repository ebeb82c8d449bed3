"""The catalogue is read from the code, and complete."""

import json

from bot.settings import HOUSE
from bot.sop.catalogue import as_dict
from bot.sop.components import all_actions
from bot.sop.filters import all_filters


def test_every_item_says_what_it_is() -> None:
    catalogue = json.loads(json.dumps(as_dict()))
    assert set(catalogue) == {"triggers", "splits", "actions", "filters"}
    for items in catalogue.values():
        assert len({item["name"] for item in items}) == len(items)
        for item in items:
            assert item["summary"], item
            assert item["subject"]
            assert all({"name", "type", "required"} <= set(param) for param in item["params"])


def test_durations_say_their_units() -> None:
    [within] = [
        param
        for item in as_dict()["actions"]
        if item["name"] == "create_task"
        for param in item["params"]
        if param["name"] == "within"
    ]
    assert (within["type"], within["unit"]) == ("duration", "s, m, h, d, w")


def test_the_name_in_yaml_is_the_path_in_the_code() -> None:
    for name in all_actions():
        assert (HOUSE / f"bot/sop/components/{name}.py").is_file()
    for name in all_filters():
        module, _dot, function = name.partition(".")
        text = (HOUSE / f"bot/sop/filters/{module}.py").read_text(encoding="utf-8")
        assert f"def {function}(" in text or f"def {function}_(" in text


def test_there_is_enough_to_choose_from() -> None:
    assert len(all_actions()) >= 12
    assert len(all_filters()) >= 40
