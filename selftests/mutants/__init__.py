"""Defects planted in the checkers, one at a time: which of them does no test find?

`make mutants` runs it; docs/trust.md tells how. Only `making.py` needs the extra `mutants`.
"""
