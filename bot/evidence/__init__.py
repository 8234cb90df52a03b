"""Collectors: read-only questions to AWS, run in parallel, that fill an incident file."""
