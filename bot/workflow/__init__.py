"""Use cases, one a module: what happens when an alarm or a question arrives."""
