"""What drives the lamp: from a transcript and the lamp's state to the probability of each wish."""
