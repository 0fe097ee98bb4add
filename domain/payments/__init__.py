"""Money that people pay in and get back, by whichever cashier the house has."""
