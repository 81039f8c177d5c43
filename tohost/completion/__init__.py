"""`tohost completion`: what shells need to complete the command line, made from the parsers."""
