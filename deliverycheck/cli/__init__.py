"""The command line: options and wiring, nothing else."""

from deliverycheck.cli.app import main

__all__ = ["main"]
