"""Days: what a business day does to agreements by itself."""
