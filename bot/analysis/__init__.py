"""Facts derived from an incident file: invocations, denials, policies, throttling, network. Pure."""
