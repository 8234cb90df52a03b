"""Changes, one use case a module: asked for, decided, carried out, looked at again, taken back."""
