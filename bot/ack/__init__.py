"""The public endpoint: checks the signature, queues the work, answers within three seconds."""
