"""Small slices of outside vocabularies, so that the first command works offline."""
