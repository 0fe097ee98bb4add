"""Other companies' systems. Alone speaks HTTP outward."""
