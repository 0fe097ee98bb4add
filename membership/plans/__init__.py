"""Plans: a membership that people buy, with trial, renewal, grace, and what of a paid year they did not get back."""
