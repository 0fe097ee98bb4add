"""What is known of a person, and from where."""
