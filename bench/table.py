# SPDX-License-Identifier: Apache-2.0
"""What was found, as rows that line up."""

import statistics
from dataclasses import dataclass, field

from measure import summary

WIDTH = 34


@dataclass
class Figure:
    """One contender in one row. `data` is what measure.summary() made, or value/low/high/unit of something that is not CPU."""
    name: str
    data: dict
    value: float = 0.0
    unit: str = ""

    def __post_init__(self):
        if not self.unit:
            self.value, self.unit = self.data["cpu_us"], "us CPU"

    @classmethod
    def plain(cls, name, values, unit):
        return cls(name, {"low": min(values), "high": max(values)}, statistics.median(values), unit)

    @classmethod
    def with_load(cls, name, samples):
        return cls(name, summary(samples))

    def line(self):
        d = self.data
        text = f"  {self.name:<{WIDTH}} {self.value:>9.1f} {self.unit:<8} {d['low']:>8.1f}..{d['high']:<8.1f}"
        if "rate" in d:
            text += f" {d['user_us']:>8.1f} {d['kernel_us']:>8.1f} {d['rate']:>9,.0f} {d['p50_us']:>8,.0f} {d['p99_us']:>8,.0f}"
        return text


@dataclass
class Verdict:
    what: str
    value: float
    target: str
    reached: bool

    def line(self):
        return f"  {self.what:<{WIDTH}} {self.value:>9.2f} {'':<8} target {self.target:<12} {'reached' if self.reached else 'MISSED'}"


def at_most(what, value, target):
    return Verdict(what, value, f"<= {target:g}", value <= target)


def at_least(what, value, target):
    return Verdict(what, value, f">= {target:g}", value >= target)


@dataclass
class Row:
    question: str
    figures: list
    verdicts: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    def text(self):
        lines = [self.question]
        if any("rate" in f.data for f in self.figures):
            lines.append(f"  {'':<{WIDTH}} {'median':>9} {'':<8} {'range':>10}{'':<8} {'user':>8} {'kernel':>8} {'per s':>9} {'p50 us':>8} {'p99 us':>8}")
        lines += [f.line() for f in self.figures] + [v.line() for v in self.verdicts] + [f"  {n}" for n in self.notes]
        return "\n".join(lines)

    def json(self):
        return {"question": self.question, "notes": self.notes,
                "figures": [{"name": f.name, "value": f.value, "unit": f.unit, **f.data} for f in self.figures],
                "verdicts": [vars(v) for v in self.verdicts]}
