"""What SNS and EventBridge deliver, parsed; and the function that an alarm is about."""
