"""Karte Bridge, the app: core (no Qt), gui (Qt only here), cli (the terminal)."""
