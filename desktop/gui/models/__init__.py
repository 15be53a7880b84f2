"""Models that views bind to; fed with immutable rows, they know no service."""
