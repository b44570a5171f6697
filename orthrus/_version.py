"""The version, importable by every room."""

__version__ = "0.1.0"
