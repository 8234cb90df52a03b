"""Changes in Slack: their message in the thread, the window of a plan, the notes afterwards."""
