"""How people and tests steer worlds: the control API at ``/_sandbox/v1``, and the page that uses nothing else.

``control`` puts the API together, ``operations`` are its routes, ``customers``, ``figures`` and ``timeline`` look things
up, ``wire`` renders, ``safety`` guards the door, ``ports`` says what it wants of a journal and of faults.
"""
