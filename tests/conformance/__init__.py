"""What an API server does, asked of the sandbox and of a real kube-apiserver alike.

The real one is asked when KUBEBUILDER_ASSETS names its folder; where they differ, it is right.
"""
