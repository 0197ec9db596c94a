"""Run KGX's own validator over files of nodes and edges: ``python kgx_validator.py FORMAT NODES EDGES…``.

KGX fetches the model and lists of prefixes when it is imported. Here it gets them from the packages biolink-model and
prefixcommons, so nothing is downloaded; and picograph's own two namespaces, as a user of KGX would name them to it.
Prints what it found as JSON.
"""

import json
import sys
from importlib.resources import files
from types import SimpleNamespace

import bmt.toolkit
import kgx.config
import yaml

MODEL = files("biolink_model") / "schema" / "biolink_model.yaml"
OWN = {"picograph": "https://w3id.org/picograph/", "pgc": "https://w3id.org/picograph/concept/"}

bmt.toolkit.requests = SimpleNamespace(get=lambda _: SimpleNamespace(text="{}"))  # mappings of predicates
bmt.toolkit.Toolkit.__init__.__defaults__ = (str(MODEL), "")
declared = yaml.safe_load(MODEL.read_text("utf-8"))["prefixes"]
prefixes = {name: each if isinstance(each, str) else each["prefix_reference"] for name, each in declared.items()}
published = files("biolink_model") / "prefixmaps" / "biolink-model-prefix-map.json"
kgx.config.jsonld_context_map["biolink"] = prefixes | json.loads(published.read_text("utf-8")) | OWN
for name in ("monarch_context", "obo_context"):
    text = (files("prefixcommons") / "registry" / f"{name}.jsonld").read_text("utf-8")
    kgx.config.jsonld_context_map[name] = json.loads(text)["@context"]

from kgx.transformer import Transformer  # noqa: E402 - reads the model when it is imported
from kgx.validator import Validator  # noqa: E402

form, *paths = sys.argv[1:]
validator = Validator()
Transformer(stream=True).transform(
    input_args={"filename": paths, "format": form}, output_args={"format": "null"}, inspector=validator
)
json.dump({"model": validator.get_validation_model_version(), "errors": validator.get_errors()}, sys.stdout)
