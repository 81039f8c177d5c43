"""What of the Helm chart follows from the code: the schema of its values, and rights by kind.

`make chart` writes both into `deploy/chart`; tests fail when the files there differ.
"""
