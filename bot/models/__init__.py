"""Frozen pydantic models: the nouns of an incident. No I/O."""
