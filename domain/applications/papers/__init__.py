"""Papers: the pages that a person reads before they accept an offer, made of its terms and of nothing about the person."""
