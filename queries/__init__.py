"""ANSWERS: questions over the graph, and exports of it."""
