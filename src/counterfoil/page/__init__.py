"""The web page at ``/``, which shows and changes worlds through the control API and the vendors' APIs.

Its script fetches data from these APIs. ``app`` routes the page's paths: the event stream is a small ASGI
application (``events``), everything else is a Flask application (``flask_app``) with a blueprint for the document and its
files (``index_page``) and one for plots (``plots``). ``visitors`` is the middleware of public mode.
"""
