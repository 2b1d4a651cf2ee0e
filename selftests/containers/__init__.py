"""The container backend on a real engine: `make test-containers` (see `__main__`)."""
