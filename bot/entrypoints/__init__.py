"""Lambda handlers of the workers."""
