"""Reports on the health of layers: rows, verdicts, a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .layers import LayerHealth

__all__ = ["DEAD", "EXPLODING", "SATURATED", "VANISHING", "HealthReport", "LayerHealth", "averaged"]

DEAD = 0.1
"""The share of dead units from which the verdict tells of them."""
SATURATED = 0.5
"""The share of saturated outputs from which the verdict tells of them."""
VANISHING = 1e-3
"""A learning speed below this share of the last layer's has vanished."""
EXPLODING = 1e3
"""A learning speed above this multiple of the last layer's explodes."""

HEADINGS = ("layer", "kind", "units", "mean", "std", "dead", "saturated", "gradient", "speed", "update", "verdict")
LEFT = ("layer", "kind", "verdict")  # the columns of text


@dataclass(frozen=True, repr=False)
class HealthReport:
    """The health of the layers of a model, on the average of some steps; it prints as a table.

    `gradient` is the norm of the gradient of a layer's outputs, `speed` of that of its parameters, and `update` the
    share of the parameters' norm by which the optimiser changed them.

    Attributes:
        rows: one for each layer, in the order of the model.
        history: by layer, each step.
    """

    rows: tuple[LayerHealth, ...]
    history: Mapping[str, tuple[LayerHealth, ...]]

    @property
    def steps(self) -> int:
        """How many steps it looks at."""
        return len({measured.step for steps in self.history.values() for measured in steps})

    def __getitem__(self, layer: str) -> LayerHealth:
        """The row of a layer."""
        for row in self.rows:
            if row.layer == layer:
                return row
        raise KeyError(
            f"report: there is no layer {layer!r}: choose one of {', '.join(row.layer for row in self.rows)}"
        )

    def verdicts(self, layer: str) -> list[str]:
        """What is wrong with a layer, in plain words; nothing, if it is well.

        The thresholds are `DEAD`, `SATURATED`, `VANISHING` and `EXPLODING`.
        """
        return list(_verdicts(self[layer], self._last_speed()))

    def _last_speed(self) -> float | None:
        """The learning speed of the last layer that learns."""
        return next((row.speed for row in reversed(self.rows) if row.speed is not None), None)

    def __str__(self) -> str:
        lines = [HEADINGS, *(self._cells(row) for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = (
            "  ".join(
                cell.ljust(width) if heading in LEFT else cell.rjust(width)
                for cell, width, heading in zip(line, widths, HEADINGS, strict=True)
            ).rstrip()
            for line in lines
        )
        return "\n".join([f"health over {self.steps} step{'s' * (self.steps != 1)}", *table])

    __repr__ = __str__

    def _cells(self, row: LayerHealth) -> tuple[str, ...]:
        share = "-" if row.saturated is None else f"{row.saturated:.0%}".replace("%", " %")
        numbers = (row.gradient, row.speed, row.update)
        return (
            row.layer, row.kind, _whole(row.units), _short(row.mean), _short(row.std), _whole(row.dead), share,
            *map(_short, numbers), "; ".join(self.verdicts(row.layer)) or "fine",
        )  # fmt: skip

    def plot(self) -> Any:
        """Draw learning speed, saturation and dead units over the steps, a line for each layer.

        Returns:
            A figure of matplotlib's: `report.plot().savefig("health.png")`; notebooks show it.

        Raises:
            ImportError: matplotlib is not installed.
        """
        from .plot import figure_of

        return figure_of(self.history)


def averaged(steps: Sequence[LayerHealth], dead: int | None) -> LayerHealth:
    """The means of the measures of several steps, and the sums of what was counted.

    Args:
        steps: those of one layer.
        dead: how many units were so in all of them.
    """
    last = steps[-1]
    means = {
        name: _mean(getattr(measured, name) for measured in steps)
        for name in ("mean", "std", "saturated", "gradient", "speed", "weight", "update")
    }
    return LayerHealth(
        last.layer,
        last.kind,
        last.step,
        units=last.units,
        dead=dead,
        not_finite=sum(measured.not_finite for measured in steps),
        not_finite_gradients=sum(measured.not_finite_gradients for measured in steps),
        **means,
    )


def _mean(numbers: Iterable[float | None]) -> float | None:
    known = [x for x in numbers if x is not None]
    return sum(known) / len(known) if known else None


def _verdicts(row: LayerHealth, last_speed: float | None) -> Iterable[str]:
    if row.not_finite or row.not_finite_gradients:
        counts = ((row.not_finite, "activation"), (row.not_finite_gradients, "gradient"))
        yield "not finite: " + ", ".join(f"{count} {what}{'s' * (count > 1)}" for count, what in counts if count)
    if row.dead and row.units and row.dead >= DEAD * row.units:
        yield f"dead: {row.dead} of {row.units} units"
    if row.saturated is not None and row.saturated >= SATURATED:
        yield f"saturated: {100 * row.saturated:.0f} %"
    if row.speed is None or last_speed is None:
        return
    if row.speed == 0.0:
        yield "not learning: its gradient is 0"
    elif row.speed < VANISHING * last_speed:
        yield f"vanishing: gradient {_short(row.speed / last_speed)} of the last layer's"
    elif row.speed > EXPLODING * last_speed:
        factor = f"{_short(row.speed / last_speed)} times the last layer's" if last_speed else "but 0 in the last layer"
        yield f"exploding: gradient {factor}"


def _whole(x: int | None) -> str:
    return "-" if x is None else str(x)


def _short(x: float | None) -> str:
    """Two digits, as 0.12 or 1.2e-9."""
    if x is None:
        return "-"
    mantissa, e, exponent = f"{x:.2g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa
