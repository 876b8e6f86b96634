"""The nouns: Step and what was read from it, Outcome, Receipt, Evidence, Finding.

A dialect makes a Step with a handle to its content; reading takes the facts from the content (`call`, `turn`) and the
content is let go. Detectors see facts only, so a kept step costs little and can be observed again.
"""

from otelagent.model.call import Answered, Asked, Call, Likeness, Reported, Row, Shape, Suspect, Use
from otelagent.model.content import (
    Captured,
    Content,
    Declared,
    Form,
    History,
    Item,
    Message,
    Part,
    Text,
    ToolCall,
    ToolOffer,
    ToolResult,
)
from otelagent.model.finding import RANK, Evidence, Finding, Layer, Severity
from otelagent.model.instructions import Breach, Earlier, Instructions, Rule
from otelagent.model.kind import Kind, Need, Role, Withheld
from otelagent.model.odd import Odd
from otelagent.model.outcome import BAD, REFUSED, More, Outcome, Status
from otelagent.model.plain import LogPart, Plain
from otelagent.model.said import NOTHING_ADMITTED, Admission, Claim, Doubt, Look, Said
from otelagent.model.step import Step
from otelagent.model.turn import EARLY, Turn, Window
from otelagent.model.work import Assignment, Family, Items, Receipt

__all__ = [
    "BAD",
    "EARLY",
    "NOTHING_ADMITTED",
    "RANK",
    "REFUSED",
    "Admission",
    "Answered",
    "Asked",
    "Assignment",
    "Breach",
    "Call",
    "Captured",
    "Claim",
    "Content",
    "Declared",
    "Doubt",
    "Earlier",
    "Evidence",
    "Family",
    "Finding",
    "Form",
    "History",
    "Instructions",
    "Item",
    "Items",
    "Kind",
    "Layer",
    "Likeness",
    "LogPart",
    "Look",
    "Message",
    "More",
    "Need",
    "Odd",
    "Outcome",
    "Part",
    "Plain",
    "Receipt",
    "Reported",
    "Role",
    "Row",
    "Rule",
    "Said",
    "Severity",
    "Shape",
    "Status",
    "Step",
    "Suspect",
    "Text",
    "ToolCall",
    "ToolOffer",
    "ToolResult",
    "Turn",
    "Use",
    "Window",
    "Withheld",
]
