"""counterfoil inside a test or any Python program: a ``Sandbox`` is a world with URLs, clock, faults, journal and commands."""

from __future__ import annotations

from counterfoil.server.faults.responses import ConfiguredResponse as ConfiguredResponse
from counterfoil.server.faults.responses import When as When
from counterfoil.testing.recorded_requests import RecordedRequest as RecordedRequest
from counterfoil.testing.sandbox import DEFAULT_SCENARIO as DEFAULT_SCENARIO
from counterfoil.testing.sandbox import Sandbox as Sandbox
from counterfoil.testing.sandbox import SandboxServer as SandboxServer
from counterfoil.testing.sandbox import money as money
from counterfoil.testing.sandbox import utc as utc
