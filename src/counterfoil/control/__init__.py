"""The control API at ``/_sandbox/v1``, with which people, tests and the page create, change and observe worlds.

``control_api`` builds it, ``routes`` says which of its ``handlers`` answers what, ``world_service`` manages worlds within
limits and ``workers`` runs slow requests in threads; ``customers``, ``figures`` and ``timeline`` look things up,
``serializers`` renders JSON, ``errors`` says what was refused, and ``access`` checks who may use it.
"""
