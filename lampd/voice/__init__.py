"""wav2vec2: sound in, text out."""
