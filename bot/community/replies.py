"""What a follower of the official account is answered: pure, so that the door can answer inside the HTTP reply."""

from bot.community.rules import Greeting, Reply, ReplyRules
from bot.text.normalise import Normalised, fold, normalise, squeeze

SCENE = "qrscene_"
"""What WeChat writes before the scene of a new follower (扫描带参数二维码事件)."""


def match(rules: ReplyRules, text: str) -> str | None:
    """The answer to a text, None when there is none to give."""
    seen = normalise(text)
    for reply in rules.rules.values():
        if _passes(reply, seen):
            return reply.text
    return rules.default or None


def _passes(reply: Reply, text: Normalised) -> bool:
    said = text.squeezed_text
    if said and any(said == squeeze(fold(word)) for word in reply.exact):
        return True
    return any(fold(word) in text.folded_text for word in reply.contains)


def greeting(rules: ReplyRules, scene: str = "") -> Greeting:
    """What a new follower is told who came by `scene`, with or without WeChat's prefix."""
    special = rules.subscribe.scenes.get(scene.removeprefix(SCENE))
    common = Greeting(text=rules.subscribe.text, tags=rules.subscribe.tags)
    if special is None:
        return common
    return Greeting(text=special.text or common.text, tags=(*common.tags, *special.tags))
