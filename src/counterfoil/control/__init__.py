"""How people and tests steer worlds: the control API at ``/_sandbox/v1``, which the page uses, too.

``control_api`` puts it together, ``handlers`` are its routes, ``world_service`` makes and keeps worlds within bounds and
``workers`` are the threads for what may take long; ``customers``, ``figures`` and ``timeline`` look things up,
``serializers`` render, and ``access`` says who may use it.
"""
