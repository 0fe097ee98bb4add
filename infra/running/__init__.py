"""Running the house on one machine: its programs are started in order, kept up, found again, and ended with who began them."""
