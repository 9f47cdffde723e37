"""The control API at ``/_sandbox/v1``, with which people, tests and the page create, change and observe worlds.

``control_api`` builds it, ``routes`` maps operations to ``handlers``, ``world_service`` manages worlds within
limits and ``request_threads`` runs slow requests in threads; ``customers``, ``figures`` and ``timeline`` read worlds,
``serializers`` renders JSON, ``errors`` renders errors, and ``access`` checks who may use it.
"""
