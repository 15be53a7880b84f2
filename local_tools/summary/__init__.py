"""From a record to a summary, by rules alone; every outgoing text comes from the vocabulary."""
