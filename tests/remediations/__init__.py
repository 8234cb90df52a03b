"""Tests of the remediations."""
