"""The report for people: HTML page, Markdown, memo. They know its JSON and nothing behind it."""
