"""Runs the command line as ``python -m counterfoil``."""

from counterfoil.cli import main

main(prog_name="counterfoil")
