"""The guests' pages: each view parses, calls one operation and renders."""
