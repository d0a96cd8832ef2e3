"""Reading text: locators inside posts, tokens inside release names."""
