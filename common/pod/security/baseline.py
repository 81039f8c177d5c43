"""The controls of the standard "baseline": what lets a pod out of its box in a known way."""

from collections.abc import Iterator
from typing import Any

from common.objects import Obj, annotations, get_path
from common.pod.security.parts import (
    Control,
    container_list,
    container_setters,
    containers,
    in_user_namespace,
    items,
    quoted,
    security,
    setters,
    volume_list,
)

_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_APPARMOR_TYPES = ("Localhost", "RuntimeDefault")
_CAPABILITIES = frozenset(
    "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID"
    " SETPCAP SETUID SYS_CHROOT".split()
)
_HANDLERS = (
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle.postStart",
    "lifecycle.preStop",
)
_HOST_NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")
SECCOMP_TYPES = ("Localhost", "RuntimeDefault")
_SELINUX_TYPES = (
    "",
    "container_engine_t",
    "container_init_t",
    "container_kvm_t",
    "container_t",
)
_SYSCTLS = frozenset(
    "kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.ip_local_reserved_ports"
    " net.ipv4.ip_unprivileged_port_start net.ipv4.ping_group_range net.ipv4.tcp_fin_timeout"
    " net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes net.ipv4.tcp_keepalive_time"
    " net.ipv4.tcp_rmem net.ipv4.tcp_syncookies net.ipv4.tcp_wmem".split()
)


def _apparmor(pod: Obj) -> str:
    def wrong(context: Obj) -> bool:
        return _forbidden_type(context.get("appArmorProfile"), _APPARMOR_TYPES)

    if who := setters(pod, wrong):
        return f"{who} must have the profile {' or '.join(_APPARMOR_TYPES)}, or none"
    found = annotations(pod).items()
    notes = [key for key, value in found if key.startswith(_APPARMOR) and not _mild(value)]
    return f"annotation {quoted(notes)} takes the profile away" if notes else ""


def _mild(profile: str) -> bool:
    return profile in ("", "runtime/default") or profile.startswith("localhost/")


def _capabilities(pod: Obj) -> str:
    def added(container: Obj) -> set[str]:
        return {str(each) for each in capabilities(container, "add")} - _CAPABILITIES

    if not (named := container_setters(pod, added)):
        return ""
    found = {each for container in containers(pod) for each in added(container)}
    return f"{container_list(named)} must not add {quoted(found)}"


def capabilities(container: Obj, key: str) -> list[Any]:
    """What a container adds ("add") or drops ("drop")."""
    found = get_path(security(container), f"capabilities.{key}")
    return found if isinstance(found, list) else []


def _host_namespaces(pod: Obj) -> str:
    found = [key for key in _HOST_NAMESPACES if get_path(pod, f"spec.{key}")]
    return ", ".join(f"{key}=true" for key in found)


def _host_paths(pod: Obj) -> str:
    volumes = items(pod, "spec.volumes")
    named = [str(each.get("name")) for each in volumes if each.get("hostPath") is not None]
    return volume_list(named) if named else ""


def _host_ports(pod: Obj) -> str:
    """On the host's network every port is one of the host's: API servers fill it in."""
    keys = ("hostPort", "containerPort") if get_path(pod, "spec.hostNetwork") else ("hostPort",)

    def ports(container: Obj) -> list[Any]:
        found = (
            next(filter(None, map(each.get, keys)), None) for each in items(container, "ports")
        )
        return [port for port in found if port]

    if not (named := container_setters(pod, ports)):
        return ""
    found = {port for container in containers(pod) for port in ports(container)}
    return f"{container_list(named)} must not use {quoted(found)}"


def _handler_hosts(pod: Obj) -> str:
    """By these a node can be made to speak to whatever it reaches."""
    if not (named := container_setters(pod, lambda each: list(_hosts(each)))):
        return ""
    found = {host for container in containers(pod) for host in _hosts(container)}
    return f"{container_list(named)} must not name {quoted(found)}"


def _hosts(container: Obj) -> Iterator[str]:
    for handler in _HANDLERS:
        for way in ("httpGet", "tcpSocket"):
            if host := get_path(container, f"{handler}.{way}.host"):
                yield str(host)


def _privileged(pod: Obj) -> str:
    named = container_setters(pod, lambda each: security(each).get("privileged"))
    return f"{container_list(named)} must not be privileged" if named else ""


def _proc_mount(pod: Obj) -> str:
    return "" if in_user_namespace(pod) else unmasked(pod)


def unmasked(pod: Obj) -> str:
    """Who sees more of the node's /proc than containers usually do."""

    def is_one(container: Obj) -> bool:
        return (security(container).get("procMount") or "Default") != "Default"

    named = container_setters(pod, is_one)
    return f"{container_list(named)} must leave it at Default" if named else ""


def _selinux(pod: Obj) -> str:
    def wrong(context: Obj) -> bool:
        options = context.get("seLinuxOptions")
        if not isinstance(options, dict):
            return False
        own = options.get("user") or options.get("role")
        return bool(own) or (options.get("type") or "") not in _SELINUX_TYPES

    who = setters(pod, wrong)
    return f"{who} must set no user or role, and no type of its own" if who else ""


def _seccomp(pod: Obj) -> str:
    def wrong(context: Obj) -> bool:
        return _forbidden_type(context.get("seccompProfile"), SECCOMP_TYPES)

    who = setters(pod, wrong)
    return f"{who} must have the profile {' or '.join(SECCOMP_TYPES)}, or none" if who else ""


def _forbidden_type(profile: Any, allowed: tuple[str, ...]) -> bool:
    return isinstance(profile, dict) and profile.get("type") not in allowed


def _sysctls(pod: Obj) -> str:
    named = {str(each.get("name")) for each in items(pod, "spec.securityContext.sysctls")}
    return quoted(named - _SYSCTLS) if named - _SYSCTLS else ""


def _host_process(pod: Obj) -> str:
    def is_one(context: Obj) -> bool:
        return bool(get_path(context, "windowsOptions.hostProcess"))

    who = setters(pod, is_one)
    return f"{who} must not run as one" if who else ""


APPARMOR = Control("forbidden AppArmor profile", _apparmor)
CAPABILITIES = Control("non-default capabilities", _capabilities)
HOST_NAMESPACES = Control("host namespaces", _host_namespaces)
HOST_PATHS = Control("hostPath volumes", _host_paths)
HOST_PORTS = Control("hostPort", _host_ports)
HANDLER_HOSTS = Control("probe or lifecycle host", _handler_hosts)
PRIVILEGED = Control("privileged", _privileged)
PROC_MOUNT = Control("procMount", _proc_mount)
SECCOMP = Control("seccompProfile", _seccomp)
SELINUX = Control("seLinuxOptions", _selinux)
SYSCTLS = Control("forbidden sysctls", _sysctls)
HOST_PROCESS = Control("hostProcess", _host_process)
