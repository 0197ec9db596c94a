"""Reading abstracts, measured: annotated abstracts, what is learned from them, and how well it reads others."""
