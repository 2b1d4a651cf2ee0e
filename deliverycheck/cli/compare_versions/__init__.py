"""The commands `compare-clients` and `compare-brokers`: the same plans with several versions."""
