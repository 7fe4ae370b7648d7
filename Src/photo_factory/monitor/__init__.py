"""The service-monitor: looks after what cannot speak for itself, and tells people."""
