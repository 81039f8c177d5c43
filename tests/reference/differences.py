"""Where our host objects differ from the reference's on purpose: file, path, and the rule.

The rules are those of the product's translation, quoted. SERVER: not translated at all, but
filled in by the host's API server or another controller after the object was created.
"""

SERVER = "server"
IDENTITY = (
    "Set vcluster.loft.sh/name, vcluster.loft.sh/namespace (namespaced kinds),"
    " vcluster.loft.sh/uid, and vcluster.loft.sh/kind (group/version, Kind=Kind)."
)
REMEMBERED = "The labels and annotations that we set (remember which: a virtual label that is"
LAST_APPLIED = "Copy the virtual annotations, less kubectl.kubernetes.io/last-applied-configuration"
HOST_CHOOSES = "clusterIP, clusterIPs, nodePorts, healthCheckNodePort and ipFamilies are the host's"

# (files, path, rule), as regular expressions that match the whole.
ALLOWED = [
    (r".*", r"/status.*", SERVER),
    (r".*", r"/metadata/(creationTimestamp|generation|resourceVersion|uid)", SERVER),
    (r"persistentvolumeclaim-.*", r"/metadata/finalizers", SERVER),
    (r"status--pod-plain", r"/spec/nodeName", SERVER),
    (r".*", r"/metadata/annotations/vcluster\.loft\.sh/object-.*", IDENTITY),
    (r".*", r"/metadata/annotations/vcluster\.loft\.sh/(name|namespace|uid|kind)", IDENTITY),
    (r".*", r"/metadata/annotations/vcluster\.loft\.sh/managed-labels", REMEMBERED),
    (r"secret-opaque", r"/metadata/annotations/.*(last-applied.*|managed-.*)", LAST_APPLIED),
    (r".*service-(web|headless|lb)", r"/spec/(clusterIPs?|ipFamilies)", HOST_CHOOSES),
    (r".*pod-.*", r"/spec/priority", "else cleared together with priority"),
    (r".*pod-.*", r"/spec/preemptionPolicy", SERVER),
    (
        r"pod-affinity",
        r"/spec/affinity/podAntiAffinity/required.*/0/matchLabelKeys",
        "Selectors in affinity and topology spread: renamed keys (matchLabelKeys too)",
    ),
    (
        r"pod-dns-cf-config",
        r"/spec/dnsConfig/options",
        "merged with the pod's own nameservers, searches and options (its options win)",
    ),
    (r"pod-volumes", r"/spec/volumes/5/hostPath/path", "hostPath is left as it is"),
    (
        r"pod-sts-0",
        r"/spec/initContainers/0/(imagePullPolicy|terminationMessage(Path|Policy))",
        SERVER,
    ),
    (
        r"pod-sts-0",
        r"/spec/initContainers/0/args/1",  # theirs finds no IPv6 address, and needs musl's \d
        "an init container (image from rewriteHosts.initContainer) writes /etc/hosts with"
        " hostname.subdomain.ns.svc.<domain>",
    ),
    (
        r"ingress-site",
        r"/metadata/annotations/vcluster\.loft\.sh/ingress-class",
        REMEMBERED,  # of the class: one that nobody asked for is the host's
    ),
    (
        r"poddisruptionbudget-pdb",
        r"/spec/selector/matchLabels/vcluster\.loft\.sh/(managed-by|namespace)",
        "PDB: selector as for services, also when it is empty",
    ),
    (r"priorityclass-high", r"/globalDefault", "PriorityClass: globalDefault: false"),
    (
        r"storageclass-fast",
        r"/parameters/csi\.storage\.k8s\.io/provisioner-secret-(name|namespace)",
        "StorageClass: parameters that name secrets (csi.storage.k8s.io/*-secret-name with its"
        " -namespace) follow",
    ),
    (
        r"persistentvolume-pv1",
        r"",  # theirs made no host object
        "PersistentVolume: claimRef to the translated claim, class name, secret refs",
    ),
]
