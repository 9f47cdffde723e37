"""Answers requests from the model: lists, reads, creates, changes and deletes members, and shows them as documented."""
