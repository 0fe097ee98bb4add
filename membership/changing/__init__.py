"""How the rules of tiers change: drafted, simulated, approved by somebody else, published, and back in one step."""
