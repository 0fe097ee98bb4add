"""How far a product reaches: its funnel, and a change of it rehearsed."""
