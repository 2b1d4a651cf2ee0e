"""The yardstick: simulated brokers with planted defects, and how well the search finds them."""
