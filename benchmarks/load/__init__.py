"""Many visitors of one page at once."""
