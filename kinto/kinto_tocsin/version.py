"""The version, Tocsin's own: it stands in the capability of the hello view and in User-Agent."""

__version__ = "0.1.0"
