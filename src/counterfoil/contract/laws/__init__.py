"""Families of laws that hold for many APIs: functions that make a ``Law`` from an id and a description of the API.

A law book is mostly a list of calls to these, one line for each law.
"""
