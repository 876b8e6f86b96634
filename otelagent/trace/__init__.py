"""Live traces: who hangs below whom, whose step is whose, and what their runs find."""

from otelagent.trace.listener import Closed, Listener
from otelagent.trace.place import Node, Place, creates
from otelagent.trace.shared import Shared
from otelagent.trace.trace import Trace

__all__ = ["Closed", "Listener", "Node", "Place", "Shared", "Trace", "creates"]
