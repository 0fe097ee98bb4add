"""Papers: pages that stand by themselves, to be read on a screen and printed, the same bytes for the same contents."""
