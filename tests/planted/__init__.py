"""Planted bugs: each is a small change to the source that breaks a promise, and names the tests that must notice.

``python -m tests.planted`` plants them one by one in a copy of the project and prints caught/planted.
"""
