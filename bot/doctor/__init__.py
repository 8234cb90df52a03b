"""`medic doctor`: is the deployment whole? Each check asks harmless questions and says how to mend what it finds."""
