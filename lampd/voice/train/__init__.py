"""The recipe of the bundled voice: text is spoken by free synthesisers, a small wav2vec2 writes it down."""
