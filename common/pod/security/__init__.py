"""The Pod Security Standards, as Kubernetes 1.36 checks them, for pods that are to go down."""
