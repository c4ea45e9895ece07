"""The five stages: what each hears and says is in routes.py."""
