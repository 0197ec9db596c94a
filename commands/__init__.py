"""One module per command: arguments in, text out. It parses, calls one room, prints.

A command is a line in `COMMANDS` and a module with a click command. None is imported before it is asked for, and what
costs time is imported inside the command that needs it.
"""

# In the order in which a newcomer meets them.
COMMANDS = {
    "demo": "picograph.commands.demo:demo",
    "load": "picograph.commands.load:load",
    "extract": "picograph.commands.extract:extract",
    "show": "picograph.commands.show:show",
    "lookup": "picograph.commands.lookup:lookup",
    "vocab": "picograph.commands.vocab:vocab",
    "ask": "picograph.commands.ask:ask",
    "pool": "picograph.commands.pool:pool",
    "compare": "picograph.commands.compare:compare",
    "network": "picograph.commands.network:network",
    "gaps": "picograph.commands.gaps:gaps",
    "diff": "picograph.commands.diff:diff",
    "query": "picograph.commands.query:query",
    "export": "picograph.commands.export:export",
    "serve": "picograph.commands.serve:serve",
    "validate": "picograph.commands.validate:validate",
    "store": "picograph.commands.store:store",
    "info": "picograph.commands.info:info",
    "fetch": "picograph.commands.fetch:fetch",
}
