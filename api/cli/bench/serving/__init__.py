"""Reading Longan from outside as an app does, in turns with the limit and a peer."""
