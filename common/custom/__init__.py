"""Custom resources, synced by declaration: `sync.toHost.customResources`."""
