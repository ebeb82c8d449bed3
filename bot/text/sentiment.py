"""How a text feels, by its words: pleased, displeased, or complaining."""

import re
from functools import cache
from math import sqrt

from bot.text.lexicon import Hit, Lexicon
from bot.text.normalise import Normalised, fold, normalise

_PLEASED = {
    2.0: "完美 惊喜 超赞 太棒了 强烈推荐 无可挑剔 物超所值 爱死 绝绝子 五星好评 yyds",
    1.0: """
        好 棒 赞 喜欢 满意 感谢 谢谢 开心 高兴 推荐 不错 好用 好看 好吃 好评 值得 划算 实惠 贴心 耐心 热情 专业
        及时 舒服 漂亮 靠谱 优秀 给力 放心 省心 方便 期待 爱了 回购 支持 没问题 没毛病 正品 很快 辛苦了 nice
        good great love thanks 👍 😍 🥰 😊 ❤ 🌹
    """,
}
_DISPLEASED = {
    2.0: "骗子 诈骗 骗人 垃圾 恶心 愤怒 气死 黑心 太差 差劲 投诉 曝光 维权 举报 无良 坑人 假货 过敏 烂脸 滚",
    1.0: """
        差 坏 烂 慢 贵 难用 难看 难吃 不好 不行 不满 不爽 失望 后悔 生气 讨厌 烦 糟糕 差评 退款 退货 退钱 敷衍
        推卸 拖延 没人理 不回复 不理 没用 没效果 掉色 破损 漏发 少发 发错 等太久 坑 忽悠 欺骗 虚假 难受 无语
        浪费 吐槽 上当 质量问题 bad awful terrible 👎 😡 🤬 😠 😤
    """,
}
# Words that contain one of the above and mean nothing of the kind: the longer word wins.
_NEUTRAL = """
    不好意思 好像 好久 好多 好几 好友 好的 好吧 只好 最好 刚好 正好 恰好 好奇 爱好 你好 您好 大家好 早上好
    下午好 晚上好 中午好 好了 好处 还好 好好 差不多 差点 差别 差价 差异 出差 时差 相差 慢慢 慢走 麻烦 贵姓
    贵公司 贵司 贵宾 坑位 赞助 点赞 灿烂 破坏 滚动 摇滚 支持哪 不支持 方便问 方便面 方便说 棒棒糖 期待值
    退货地址 退货流程 推荐一下 推荐吗 喜欢吃什么 耐心等 保质期 烦请 好不好 喜不喜欢 专业课 谢谢惠顾
"""
_COMPLAINTS = {
    1: """
        不满 不满意 失望 差评 差劲 太差 没人理 不回复 等太久 敷衍 态度差 质量差 质量问题 难用 没效果 发错 漏发
        少发 破损 还没发货 催了
    """,
    2: "退款 退钱 退货 赔偿 赔钱 投诉 假货 骗人 欺骗 虚假宣传 忽悠 坑人 上当 过敏 烂脸 黑心 无良 推卸责任",
    3: "骗子 诈骗 曝光 维权 举报 报警 起诉 律师 12315 12345 工商局 消协 市场监管 消费者协会 黑猫投诉 媒体 记者",
}

_NOT = re.compile(
    r"(?:不|没|没有|别|无|未|不是|并不|并非|毫不|毫无|从不|从没|不用|不要|不会|不想|不再|谈不上|算不上|don'?t |not )"
    r"(?:很|太|是|那么|这么|怎么|够|能|会|想|觉得|什么|任何|需要|打算|有)?$"
)
_VERY = re.compile(r"(?:很|太|非常|特别|超|超级|真|真的|十分|极其|最|相当|巨|so |very )的?$")
_REACH = 6  # characters before a word in which its "not" or "very" stands
_CALM = 4.0  # how much feeling it takes to leave the middle: one plain word scores 0.45


@cache
def _feelings() -> Lexicon[float]:
    weights = dict.fromkeys(_NEUTRAL.split(), 0.0)
    weights |= {word: weight for weight, words in _PLEASED.items() for word in words.split()}
    weights |= {word: -weight for weight, words in _DISPLEASED.items() for word in words.split()}
    return Lexicon(weights)


@cache
def _grievances() -> Lexicon[int]:
    return Lexicon({word: level for level, words in _COMPLAINTS.items() for word in words.split()})


def score(text: str | Normalised) -> float:
    """From -1 (furious) through 0 (neither, or nothing to go by) to 1 (delighted)."""
    seen = normalise(text)
    total = 0.0
    for hit in _feelings().find(seen):
        before = _before(seen, hit.start)
        weight = hit.value * (1.5 if _VERY.search(before) else 1.0)
        total += -0.8 * weight if _NOT.search(before) else weight
    return total / sqrt(total * total + _CALM)


def complaints(text: str | Normalised) -> list[Hit[int]]:
    """The complaint words in a text; a hit's value is its gravity, 1 (blue), 2 (yellow) or 3 (red)."""
    seen = normalise(text)
    return [
        hit
        for hit in _grievances().find(seen)
        if not _NOT.search(_before(seen, hit.start)) or hit.word.startswith("不")
    ]


def _before(seen: Normalised, start: int) -> str:
    return fold(seen.text[max(0, start - _REACH) : start])
