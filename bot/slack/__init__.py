"""Adapters to Slack: rendering within its limits, sending."""
