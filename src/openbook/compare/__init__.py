"""Comparing: the same questions to every arm, and what may be said of the answers.

`comparison` is the main job, step by step; a `sitting` is one call of it, `material` what it hands over, and `paper`, `seats`,
`answers` and `runlog` are its parts. Around it, each on its own:
`planning` (before), `probes` (beside the test), `marking` (what an answer is worth), `verdict` (what may be said), `causes`
(why answers were wrong), `report` (all of it as one JSON object), `pages` (for people), `gates` (for build servers) and
`changes` (from one report to another).
"""
