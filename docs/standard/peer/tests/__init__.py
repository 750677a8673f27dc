"""Tests of the second implementation: `python -m unittest` in the folder above."""
