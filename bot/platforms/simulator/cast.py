"""The sample community: a small shop, its staff, and two people who buy there."""

from typing import TYPE_CHECKING

from .corp import Relation
from .ids import external_userid
from .ways import make_way

if TYPE_CHECKING:
    from .simulator import Simulator

CUSTOMER_GROUP = "上海店福利群"
INTERNAL_GROUP = "社群运营内部群"
WEBHOOK_KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
SPRING = "spring"
STORE = "store-shanghai"

_TAGS = {
    "渠道": ["春季", "门店", "公众号"],
    "意向": ["高", "中", "低"],
    "兴趣": ["口红", "成分"],
    "价格敏感": ["是"],
    "群规": ["信任"],
}


def settle_in(simulator: "Simulator") -> None:
    """Lin leads the Shanghai shop, Zhou works there, the director leads the region; Mei and Hao are contacts."""
    simulator.add_department(1, "一家小店", 0)
    simulator.add_department(2, "华东区", 1)
    simulator.add_department(3, "上海店", 2)
    simulator.add_staff("boss", "总监", 2, leader=True, position="区域总监")
    simulator.add_staff("lin", "林经理", 3, leader=True, position="社群经理", direct_leader="boss")
    simulator.add_staff("zhou", "周", 3, position="店员", direct_leader="lin")
    simulator.corp.departments[1].leaders = ["boss"]
    simulator.add_contact("mei", "梅", gender=2)
    simulator.add_contact("hao", "浩", gender=1)
    for group, names in _TAGS.items():
        for name in names:
            simulator.add_tag(group, name)
    simulator.add_group(CUSTOMER_GROUP, "zhou", ["lin", "hao"])
    simulator.add_group(INTERNAL_GROUP, "lin", ["zhou", "boss"], "internal")
    simulator.add_webhook(INTERNAL_GROUP, WEBHOOK_KEY)
    hao = external_userid("hao")
    simulator.corp.relations[("zhou", hao)] = Relation("zhou", hao, simulator.now(), state=STORE)
    make_way(simulator, SPRING, ["zhou"], kind=1, remark="春季活码")
    make_way(simulator, STORE, ["zhou"], kind=1, remark="门店活码")
    simulator.add_scene(SPRING)
    simulator.official.menu = {
        "button": [
            {"type": "click", "name": "本周福利", "key": "offers"},
            {"type": "click", "name": "加入社群", "key": "join"},
            {"type": "click", "name": "联系我们", "key": "contact"},
        ]
    }
    simulator.add_template("order_update", ["thing1", "character_string2", "time3"])
