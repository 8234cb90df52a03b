"""Tests of changes in Slack."""
