"""Evidence: WARC records of what was seen, packs that somebody else can check, and what may be thrown away."""
