"""Answers that are kept in this process and given again, while nothing that they were made from has changed."""
