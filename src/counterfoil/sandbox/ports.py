"""Moved to ``counterfoil.ports``: the server implements these, and server and sandbox are strangers. Edit it there."""

from counterfoil.ports import *  # noqa: F403
from counterfoil.ports import Exchanged as Exchanged
from counterfoil.ports import Fault as Fault
from counterfoil.ports import FaultOrder as FaultOrder
from counterfoil.ports import Faults as Faults
from counterfoil.ports import Found as Found
from counterfoil.ports import Journal as Journal
from counterfoil.ports import TooMany as TooMany
from counterfoil.ports import Wanted as Wanted
from counterfoil.ports import read_fault as read_fault
