"""Fuzzing of everything that comes from outside. `make fuzz` lets coverage guide it for a while;
the tests here run each target on its seeds and some of their mutations."""
