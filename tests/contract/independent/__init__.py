"""A second, plain-Flask implementation of two of the APIs, written from the documents alone.

It exists to be checked by the contract checker. It shares no code with counterfoil and must not import it: a misreading in one
of the two then shows up as a disagreement.
"""
