"""What a test partner lets happen: its people live through the same verbs as everybody, in a world of its own."""
