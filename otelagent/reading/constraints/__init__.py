"""What instructions forbid, demand or limit, and what breaks it.

A kind of rule, or a few that are near, has a file: how instructions state it and how an answer or a call breaks it.
"""

from otelagent.reading.constraints.constraint import Constraint, Violation
from otelagent.reading.constraints.lifting import lifted
from otelagent.reading.constraints.stated import constraints
from otelagent.reading.constraints.tools import EARLIER
from otelagent.reading.constraints.violations import violated, violated_by_call

__all__ = ("EARLIER", "Constraint", "Violation", "constraints", "lifted", "violated", "violated_by_call")
