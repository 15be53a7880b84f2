"""What identifies by shape or by origin, one way of recognising a file."""
