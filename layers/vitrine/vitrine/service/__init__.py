"""The two things a caller can ask for: a decision, and to take note of events. Ports come as arguments."""
