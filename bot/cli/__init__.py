"""The `medic` command."""
