"""The page at ``/``: what the control API does, to look at and to press.

``front`` is the ASGI door: it answers change events, files and the ``shell`` itself and hands plots to the Flask application
in ``site``, which renders the shell's template too and is imported by the first visitor. ``plots`` draws, ``events`` tells
what changed, ``ready`` makes beforehand what a visitor will ask for, ``visitors`` is the gate of public mode. The browser
gets its data from the control API and from the vendors' APIs, by fetch; nothing else is offered to it.
"""

from counterfoil.page.front import Front as Front
