"""The demo: a local AWS, the deployed stack, a local Slack, and scenarios."""
