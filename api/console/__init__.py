"""The console's door: marketing, approvers, risk and viewers."""
