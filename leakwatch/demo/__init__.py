"""The replay: a small world on loopback in which a model leaks, and the daemon judged from the outside."""
