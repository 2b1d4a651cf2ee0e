"""The command `deliverycheck ask`: whether *your* settings keep a promise."""
