"""The control API at ``/_sandbox/v1``, with which people, tests and the page create, change and observe worlds.

``control_api`` builds it, ``handlers`` has its routes, ``world_service`` manages worlds within limits and ``workers`` runs
slow requests in threads; ``customers``, ``figures`` and ``timeline`` look things up, ``serializers`` renders JSON, and
``access`` checks who may use it.
"""
