"""What people ask the bot beside a diagnosis: what is open, what was, who did what; and what they say of its answers."""
