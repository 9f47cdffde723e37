"""Handles requests by the model: lists, reads, creates, changes and deletes members, in the documented response format."""
