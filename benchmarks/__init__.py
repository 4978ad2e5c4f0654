"""Measurements side by side with others; never part of the tests and never a timed test."""
