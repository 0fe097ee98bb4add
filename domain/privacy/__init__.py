"""Privacy: a person takes all that is kept of them away, and has it erased; both by what each table says of itself."""
