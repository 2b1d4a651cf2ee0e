"""What we claim of real systems, and the plans that try to break it; drawn by Hypothesis."""
