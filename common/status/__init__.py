"""How tohost stands, as processes tell it in Redis and commands read it."""
