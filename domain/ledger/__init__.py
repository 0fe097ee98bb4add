"""Ledger: who owes whom how much, in transfers that stay, each between two accounts of one agreement."""
