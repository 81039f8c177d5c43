"""Events of host objects, in the virtual cluster's words: pure, part by part."""
