"""A small read-only web page: how virtual clusters, kinds and objects stand, and why.

Plain functions from what Redis knows to HTML, without a script or a build. Which of them answers
what is in `views`; `markup` escapes everything.
"""
