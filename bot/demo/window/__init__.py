"""The demo's Slack in the browser: a page on the loopback, live, with the AWS side beside it."""
