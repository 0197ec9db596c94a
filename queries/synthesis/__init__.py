"""What may be added up, added up right: poolability, pooling, networks of treatments, plots."""
