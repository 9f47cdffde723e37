"""The APIs, one package each. Modules that begin with an underscore are shared by them."""
