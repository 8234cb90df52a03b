"""Adapters to AWS: clients, the state table, parameters."""
