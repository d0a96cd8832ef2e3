"""The door: the one place where leakwatch speaks HTTP, what it may reach, and how fast."""
