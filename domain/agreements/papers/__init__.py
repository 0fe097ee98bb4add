"""Papers of an agreement in force: what was signed, what a year brought, and that nothing is owed any more."""
