"""The nouns: what is protected, what was seen, what it means, what is said about it."""
