"""The precision language model of Williams and Zhao: small, warm-started in closed form, trained where it is used."""
