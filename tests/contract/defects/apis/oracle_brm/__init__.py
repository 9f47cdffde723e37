"""The defects of oracle-brm."""
