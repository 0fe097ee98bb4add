"""Text messages to phones, by whichever gateway the operator has."""
