"""What we claim of real systems, and the plans that try to break it. The only place with Hypothesis."""
