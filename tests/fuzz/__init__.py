"""Readers of what strangers hand in, fed with what no sensible stranger would."""
