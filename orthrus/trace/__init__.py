"""The trace: the events of one run so far, and what is derived from them. Standard library only."""

from orthrus.trace.trace import Cycle as Cycle
from orthrus.trace.trace import Token as Token
from orthrus.trace.trace import Trace as Trace
