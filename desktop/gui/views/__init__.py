"""Widgets, one a file. They bind, and pass on what the doctor did."""
