"""Rules as written: YAML to values, every mistake with its line."""
