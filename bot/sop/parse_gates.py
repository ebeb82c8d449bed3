"""Reading who is let in, and how often anybody is written to."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.i18n import _
from bot.sop.actions import CHANNELS
from bot.sop.findings import did_you_mean
from bot.sop.reading import Reading
from bot.sop.schema import Cap, RolloutPlan, StopLoss
from bot.sop.source import Path
from bot.sop.values import event_name

OVERALL = "all"
ROLLOUT = ("rollout",)
CAP = ("frequency_cap",)


@dataclass(frozen=True)
class Gates:
    """Turns YAML into gates, writing down what is wrong."""

    reading: Reading

    def percent(self, raw: Any, path: Path) -> float:
        number = raw.removesuffix("%") if isinstance(raw, str) and raw.endswith("%") else raw
        try:
            percent = -1.0 if isinstance(number, bool) else float(number)
        except (TypeError, ValueError):
            percent = -1.0
        if not 0 <= percent <= 100:
            self.reading.fail("X103", path, _("{value!r} is not a share such as 10%").format(value=raw))
            return 0.0
        return percent

    # ── rollout ────────────────────────────────────────────────────────────────────────────────────────────────────

    def rollout(self, raw: Any) -> RolloutPlan:
        """`{percent: 5}`, or `{stages: [1, 5, 25, 100], every: 24h, stop_loss: …}`."""
        shape = self.reading.mapping(raw, ROLLOUT, "rollout")
        self.reading.keys(shape, ROLLOUT, ("percent", "stages", "every", "stop_loss"))
        if "percent" in shape and "stages" in shape:
            self.reading.fail("X103", ROLLOUT, _("give `percent` or `stages`, not both"))
        every = self.reading.duration(shape.get("every", "24h"), (*ROLLOUT, "every"))
        stop_loss = self._stop_loss(shape["stop_loss"]) if "stop_loss" in shape else None
        return RolloutPlan(self._stages(shape), every, stop_loss)

    def _stages(self, shape: dict[str, Any]) -> tuple[float, ...]:
        if "stages" not in shape:
            return (self.percent(shape.get("percent", 100), (*ROLLOUT, "percent")),)
        path = (*ROLLOUT, "stages")
        given = shape["stages"] if isinstance(shape["stages"], list) else []
        stages = tuple(self.percent(one, (*path, index)) for index, one in enumerate(given))
        if not stages or list(stages) != sorted(set(stages)):
            self.reading.fail("X103", path, _("`stages` is a list of growing shares, such as [1, 5, 25, 100]"))
            return (0.0,)
        return stages

    def _stop_loss(self, raw: Any) -> StopLoss | None:
        path = (*ROLLOUT, "stop_loss")
        shape = self.reading.mapping(raw, path, "stop_loss")
        self.reading.keys(shape, path, ("event", "above", "min", "within"))
        missing = [key for key in ("event", "above") if shape and key not in shape]
        for key in missing:
            self.reading.fail("X102", path, _("`{key}` is missing").format(key=key))
        if not shape or missing:
            return None
        return StopLoss(
            event=event_name(self.reading, shape["event"], (*path, "event")),
            above_percent=self.percent(shape["above"], (*path, "above")),
            minimum=self.reading.count(shape.get("min", 200), (*path, "min"), "min"),
            within=self.reading.duration(shape.get("within", "7d"), (*path, "within")),
        )

    # ── caps ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def caps(self, raw: Any) -> tuple[Cap, ...]:
        """`{count: 2, per: 7d}` over all channels, or one by channel: `{mass: {…}, sms: {…}, all: {…}}`."""
        shape = self.reading.mapping(raw, CAP, "frequency_cap")
        if "count" in shape:
            return (self._cap("", shape, CAP),)
        known = (OVERALL, *CHANNELS)
        for channel in (one for one in shape if one not in known):
            message = _("{name} is no channel.").format(name=channel) + did_you_mean(channel, known)
            self.reading.fail("X103", (*CAP, channel), message)
        return tuple(
            self._cap("" if channel == OVERALL else channel, below, (*CAP, channel)) for channel, below in shape.items()
        )

    def _cap(self, channel: str, raw: Any, path: Path) -> Cap:
        shape = self.reading.mapping(raw, path, "frequency_cap")
        self.reading.keys(shape, path, ("count", "per"))
        for key in (key for key in ("count", "per") if key not in shape):
            self.reading.fail("X102", path, _("`{key}` is missing").format(key=key))
        if not {"count", "per"} <= set(shape):
            return Cap(1, timedelta(days=1), channel)
        count = self.reading.count(shape["count"], (*path, "count"), "count")
        return Cap(count, self.reading.duration(shape["per"], (*path, "per")), channel)
