"""Brokers in containers, by testcontainers. Imported only by who runs one: it costs 0.3 s."""
