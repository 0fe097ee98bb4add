"""Who somebody is, and how he signs in."""
