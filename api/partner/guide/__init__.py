"""The guide for a partner's engineers: requests to paste, in the languages they write, made of the documents that clients send."""
