"""What must be on the host, kind by kind, given what is in the virtual clusters.

The rules are those of the documentation, written down a second time. `view` is what was seen;
`places` says where things are, `wanted` which of them must be there, `metadata` and the files named
after themes what they look like.
"""
