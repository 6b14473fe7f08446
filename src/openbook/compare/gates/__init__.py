"""Gates: requirements held against a report, for build servers.

Read from the outside in: `requirement` (the language), `measures` (does this project have what it names), `evidence` and
`bounds` (what the answers say of it), `gate` (met, broken, or cannot tell), `junit`.
"""
