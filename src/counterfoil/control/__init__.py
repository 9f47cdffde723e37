"""How people and tests steer worlds: the control API at ``/_sandbox/v1``, and the page that uses nothing else.

``control`` puts the API together, ``operations`` are its routes, ``desk`` makes and keeps worlds within bounds;
``customers``, ``figures`` and ``timeline`` look things up, ``wire`` renders, and ``safety`` guards the door.
"""
