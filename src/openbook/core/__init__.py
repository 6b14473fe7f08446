"""Types, protocols, errors and the registry: what every layer shares.

Standard library only. Knows nothing of files, models, stores or the command line.
"""
