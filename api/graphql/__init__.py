"""What the three schemas share: GraphQL over HTTP, who asks, how entities are shown, how refusals are told."""
