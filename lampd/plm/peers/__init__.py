"""What the precision language model is compared with: counted n-grams, recurrent networks and transformers."""
