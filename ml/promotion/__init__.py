"""From a candidate to the live model: what it is measured on, who agrees, how it is tried beside the other."""
