"""STOQ once more: an implementation of docs/standard in Python, written from its text alone."""
