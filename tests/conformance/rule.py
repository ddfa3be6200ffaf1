"""rule - the list of the rules, in the order in which they are written."""

from collections.abc import Callable
from dataclasses import dataclass

from broker import Broker

Play = Callable[[Broker], None]


@dataclass(frozen=True)
class Rule:
    section: str  # of PROTOCOL.md
    sentence: str
    play: Play


RULES: list[Rule] = []


def rule(section: str) -> Callable[[Play], Play]:
    """Its name is a sentence."""

    def add(play: Play) -> Play:
        RULES.append(Rule(section, play.__name__.replace("_", " "), play))
        return play

    return add
