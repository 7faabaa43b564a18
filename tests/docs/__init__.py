"""The pages of docs/: what is made from the code, and what holds of every page."""
