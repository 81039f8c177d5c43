"""What keeps an accident from deleting objects: which cluster is which, absences, the brake."""
