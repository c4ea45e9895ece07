"""What a fit raises when it is given up."""


class Abandoned(Exception):
    """The fit was given up, because newer data is there."""
