"""lampd: a lamp that learns, from nothing but the flips of its switch, what you say for light and for dark."""

__version__ = "0.1.0"
