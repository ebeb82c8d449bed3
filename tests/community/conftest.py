"""Two communities: one with everybody in it, one with contacts only."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import i18n
from bot.community.rules import Rules, load
from bot.model.tables import CorpTag, CustomerGroup, Department, ExternalContact, Staff
from bot.settings import HOUSE, RoleSettings, Settings
from bot.storage.database import Database
from tests import blank
from tests.community.people import EXTERNAL, GROUP, HAO, MEI, START, ZHOU, Community, follow


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(blank.sqlite(tmp_path / "xiaoer.db"))
    yield database
    database.close()


@pytest.fixture(scope="session")
def shipped() -> Rules:
    return load(HOUSE / "sops" / "rules")


@pytest.fixture
def bare(database: Database, shipped: Rules) -> Community:
    """Contacts and nobody else."""
    i18n.use("en")
    community = Community(
        database, Settings.model_construct(language="en", roles=RoleSettings(manager=["lin"])), shipped
    )
    community.add(
        ExternalContact(id=MEI, external_user_id=EXTERNAL[MEI], name="Mei", first_seen_at=START),
        ExternalContact(id=HAO, external_user_id=EXTERNAL[HAO], name="Hao", first_seen_at=START),
    )
    return community


@pytest.fixture
def community(bare: Community) -> Community:
    """Zhou follows Mei and Hao and owns the group; Lin leads the shop, boss the corp; Lin is community manager."""
    bare.add(
        Department(id=1, name="corp", parent_id=0, leaders=["boss"]),
        Department(id=2, name="shop", parent_id=1, leaders=["lin"]),
        Staff(user_id="zhou", name="Zhou", departments=[2], main_department=2),
        Staff(user_id="lin", name="Lin", departments=[2], main_department=2),
        Staff(user_id="boss", name="Boss", departments=[1], main_department=1),
        CustomerGroup(chat_id=GROUP, name="Spring", owner="zhou"),
        CorpTag(tag_id="etLIP", group_id="etg", name="兴趣/口红"),
        CorpTag(tag_id="etPRICE", group_id="etg", name="价格敏感/是"),
        follow(MEI, ZHOU),
        follow(HAO, ZHOU),
    )
    return bare
