"""Finds the layer that fails: a real round trip through both queues, and what lies under it."""

from mcp_bridge.doctor.examination import examine
from mcp_bridge.doctor.report import Check, Layer, Mark, Report

__all__ = ["Check", "Layer", "Mark", "Report", "examine"]
