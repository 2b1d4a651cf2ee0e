"""Property-based correctness suite for delivery semantics."""

__version__ = "0.1.0"
