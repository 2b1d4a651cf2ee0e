"""Tests of the suite itself: no broker, under a minute."""
