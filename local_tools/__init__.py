"""The MCP server whose tools read the record on this PC and let only gated summaries out."""
