"""The demos run in small, and reach numbers that are checked: one file for each."""
