"""The parameters of clause 4.4 that this implementation has (R-4-05, R-17-03). Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

TABLE: dict[str, tuple[float, float, float]] = {
    "session.requests": (256, 1, 4_096),
    "session.agree-within": (5, 1, 60),
    "session.leave-within": (30, 1, 600),
    "session.stall-after": (20, 1, 600),
    "session.idle": (30, 1, 600),
    "session.waste-burst": (256, 16, 65_536),
    "session.waste-rate": (64, 1, 65_536),
    "session.told-rate": (32, 1, 1_024),
    "lease": (4, 0.001, 3_600),
    "requests carried out at a time": (1_024, 1, 1 << 20),
    "stores carried out at a time": (64, 1, 1 << 20),
    "purges carried out at a time": (64, 1, 1 << 20),
    "octets read ahead for a connection": (1_048_576, 1, 1 << 30),
    "certs.revocation-bound": (60, 0.1, 86_400),
    "certs.clock-error": (5, 0.001, 3_600),
}
"""Name to default, lowest and highest."""

UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


@dataclass
class Parameters:
    """Every parameter with its value, and where those came from that are no defaults."""

    values: dict[str, float] = field(default_factory=lambda: {name: row[0] for name, row in TABLE.items()})
    sources: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def put(self, text: str, source: str = "command line") -> None:
        """`NAME=VALUE`, a number or a time with its unit."""
        name, _, value = text.partition("=")
        if name not in TABLE:
            raise ValueError(f"no parameter {name}; there are: {', '.join(TABLE)}")
        digits = value.strip().rstrip("nsumhd")
        number = float(digits) * UNITS[value[len(digits) :] or "s"]
        _, lowest, highest = TABLE[name]
        if not lowest <= number <= highest:
            raise ValueError(f"{name} is from {lowest:g} to {highest:g}")
        self.values[name], self.sources[name] = number, source

    def show(self) -> str:
        """One line for each."""
        return "\n".join(f"{name:36} {value:g} ({self.sources.get(name, 'default')})" for name, value in self.values.items())
