"""Plans: a query that is asked again and again is compiled once, and then answered without walking its document."""
