"""Openbook: should your model look it up, learn it, or both? Measured on your own documents and examples."""

__version__ = "0.1.0"
