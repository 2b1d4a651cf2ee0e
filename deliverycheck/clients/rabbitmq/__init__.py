"""The worker program for pika, its settings, and which of its errors prove anything."""
