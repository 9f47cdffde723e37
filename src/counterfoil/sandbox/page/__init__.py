"""The page at ``/``: what the control API does, to look at and to press.

``front`` is the ASGI door: it answers change events itself and hands the rest to the Flask application in ``site``, which is
imported by the first request for it. ``plots`` draws, ``events`` tells what changed, ``visitors`` is the gate of public
mode. The browser gets its data from the control API and from the vendors' APIs, by fetch; nothing else is offered to it.
"""

from counterfoil.sandbox.page.front import Front as Front
