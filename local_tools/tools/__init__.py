"""The tools of the MCP server, one a file."""
