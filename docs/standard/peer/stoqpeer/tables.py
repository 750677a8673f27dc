"""The tables of states, read from the text of the standard itself, so that none was copied wrongly."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

STANDARD = Path(os.environ.get("STOQ_STANDARD", Path(__file__).resolve().parents[2]))
"""The folder of the clauses."""

Table = dict[str, dict[str, tuple[str, str]]]
"""State and event to act and next state."""

PLACES = {
    "session": ("15-states.md", "## 15.1"),
    "exchange": ("15-states.md", "## 15.2"),
    "holder": ("15-states.md", "## 15.3"),
    "fetch": ("10-transfer.md", "## 10.6"),
}


def rows(file: str, heading: str) -> list[list[str]]:
    """The cells of the first table behind a heading, its title row first."""
    lines = (STANDARD / file).read_text(encoding="utf-8").splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith(heading))
    table = []
    for line in lines[begin + 1 :]:
        if line.startswith("|"):
            table.append([cell.strip() for cell in line.strip("|").split("|")])
        elif table or line.startswith("## "):
            break
    return [row for row in table if not set("".join(row)) <= set("-")]


@cache
def table(name: str) -> Table:
    """One of the four tables."""
    title, *body = rows(*PLACES[name])
    found: Table = {}
    for row in body:
        cells = {}
        for event, cell in zip(title[1:], row[1:], strict=True):
            act, _, state = cell.partition(" → ")
            cells[event] = (act, state)
        found[row[0]] = cells
    return found


class Machine:
    """One machine that behaves as a table says (R-15-01, R-15-02)."""

    def __init__(self, name: str, state: str) -> None:
        self.table = table(name)
        self.state = state

    def fire(self, event: str) -> str:
        """Takes an event, changes the state and tells the act."""
        act, self.state = self.table[self.state][event]
        return act


def argument(act: str) -> str:
    """What stands in the brackets of an act such as `Fail(Unexpected)`."""
    return act[act.index("(") + 1 : -1]
