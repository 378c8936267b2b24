"""Measurements against a running product. They print ratios and medians; nothing here passes or fails."""
