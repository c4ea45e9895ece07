"""Drawings of how a lamp is wired, as SVG, from the boards' profiles."""
