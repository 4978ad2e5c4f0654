"""Shared test set-up. A test never leaves loopback; times and randomness are passed in."""
