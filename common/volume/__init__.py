"""The parts of volumes, claims and snapshots; the kinds' files put them together."""
