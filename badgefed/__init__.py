"""An ActivityPub server for open badges."""

__version__ = "0.1.0"
