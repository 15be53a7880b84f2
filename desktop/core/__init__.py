"""What the app does, without a window."""
