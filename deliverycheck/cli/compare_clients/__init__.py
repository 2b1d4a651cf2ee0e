"""The command `compare-clients`: the same plans with several versions of the client library."""
