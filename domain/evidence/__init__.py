"""The log of what was decided: nothing in it can be changed, taken out or put elsewhere without being found out."""
