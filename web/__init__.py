"""The door for browsers and SPARQL clients: HTTP in, a task for a worker process, its answer out."""
