"""Remediations: the changes a diagnosis may offer, with values computed from the evidence."""
