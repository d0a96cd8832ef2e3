"""leakwatch: finds leaked works in public places, proves the match from metadata, and tells the owner."""

__version__ = "0.1.0"
