"""The command line: each command reads its words, asks the app, and tells the answer to a person or a script."""
