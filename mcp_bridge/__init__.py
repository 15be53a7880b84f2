"""Carries MCP's JSON-RPC messages over storage queues; usable with any MCP server."""
