"""Meta-analysis of what a question returns: first what may not be pooled, and why."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from picograph.commands.ask import Questions
from picograph.commands.terminal import (
    ROW_FORMATS,
    columns_of,
    default_format,
    format_option,
    open_store,
    out,
    print_json,
    print_rows,
    say,
    store_options,
    tell,
    width,
)

if TYPE_CHECKING:
    from picograph.queries.synthesis.pooled import Pooled

_CONTRASTS = ("log risk ratio", "log odds ratio", "risk difference")
_METHODS = ("REML", "DL", "PM", "ML", "EE", "MH", "Peto")
_MEASURES = {
    "logit": "logit",
    "glmm": "glmm",
    "freeman-tukey": "freeman-tukey",
    "arcsine": "arcsine",
    "log": "log",
    "raw": "raw",
    "risk-ratio": "log risk ratio",
    "odds-ratio": "log odds ratio",
    "risk-difference": "risk difference",
}
_OPTIONS = (
    click.option("--measure", type=click.Choice(list(_MEASURES)), help="The scale; of counts.  [default: logit]"),
    click.option(
        "--method", type=click.Choice(_METHODS, case_sensitive=False), default="REML", show_default=True,
        help="How the spread between studies is estimated; EE, MH and Peto: a common effect.",
    ),
    click.option("--knapp-hartung", is_flag=True, help="t quantiles and an adjusted standard error."),
    click.option("--level", type=click.FloatRange(50, 99.9), default=95, show_default=True, metavar="PERCENT",
                 help="Of the intervals."),
    click.option("--outcome", metavar="TEXT", help="Only outcomes or events whose name holds these words."),
    click.option("--category", metavar="TEXT", help="Only categories that hold these words."),
    click.option("--statistic", metavar="TEXT", help="Only this kind of number, such as 'hazard ratio'."),
    click.option("--time", "time", metavar="TIME", help="Only values at this time, such as 2y or 6mo."),
    click.option("--comparator", metavar="TEXT", help="Of contrasts: the arms whose label holds these words."),
    click.option("--subgroup", metavar="NAME", help="Pool within groups too, by a property of the arm or the study."),
    click.option("--moderator", "moderators", multiple=True, metavar="NAME", help="Regress on this number."),
    click.option("--leave-one-out", is_flag=True, help="Pool again without each study."),
    click.option("--cumulative", is_flag=True, help="Pool the first study, the first two… by year."),
    click.option("--allow", multiple=True, metavar="RULE", help="Set a rule aside; told with the result."),
    click.option("--forest", metavar="FILE", help="Draw the forest plot: .svg, .png or .pdf."),
    click.option("--funnel", metavar="FILE", help="Draw the funnel plot: .svg, .png or .pdf."),
    click.option("--rules", is_flag=True, help="List the rules, and stop."),
)  # fmt: skip


class Pools(Questions):
    """The questions whose rows can be pooled."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names of the questions that name the part of each row and have numbers to pool."""
        from picograph.queries.synthesis.candidates import poolable

        return poolable()

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Make the command of one question: its own options, and those of pooling."""
        if name not in self.list_commands(ctx):
            return None
        asked = super().get_command(ctx, name)
        assert asked is not None
        from picograph.queries import catalog

        own = [each for each in asked.params if each.name in catalog.question(name).parameters]
        command = click.Command(name, help=f"Pool: {asked.help}", callback=_pooler(name))
        shared = click.Command(None)
        for decorate in reversed((*_OPTIONS, format_option("table", "json", *ROW_FORMATS[1:3]), store_options)):
            decorate(shared)
        asked_for = {each.name for each in own}  # an option of the question goes before one of pooling
        command.params = [*own, *(each for each in reversed(shared.params) if each.name not in asked_for)]
        for each in command.params:
            if each.name == "store":
                each.envvar = None  # `pool` has read PICOGRAPH_STORE
        return command


@click.group(cls=Pools, invoke_without_command=True, subcommand_metavar="[QUESTION [OPTIONS]...]")
@click.option("--rules", is_flag=True, help="List the rules of what may not be pooled.")
@format_option(*ROW_FORMATS)
@store_options
@click.pass_context
def pool(ctx: click.Context, rules: bool, form: str | None, store: str | None, update_endpoint: str | None) -> None:
    """Pool what a question returns; says first what may not be pooled, and why.

    Without a question, lists those that can be pooled.
    """
    if ctx.invoked_subcommand is not None:
        given = {"form": form, "store": store, "update_endpoint": update_endpoint}
        ctx.default_map = {ctx.invoked_subcommand: {key: value for key, value in given.items() if value is not None}}
        return
    if rules:
        _print_rules(form)
        return
    from picograph.queries import catalog
    from picograph.queries.synthesis.candidates import poolable

    rows = [{"name": name, "summary": catalog.question(name).summary} for name in poolable()]
    print_rows(columns_of(name="text", summary="text"), rows, default_format(form))


def _print_rules(form: str | None) -> None:
    from picograph.queries.synthesis.rules import RULES

    rows = [{"rule": name, "why": summary} for name, summary in RULES.items()]
    print_rows(columns_of(rule="text", why="text"), rows, default_format(form))


def _pooler(name: str) -> Callable[..., None]:
    def run(
        store: str | None, update_endpoint: str | None, form: str | None, rules: bool, forest: str | None,
        funnel: str | None, **options: Any,
    ) -> None:  # fmt: skip
        if rules:
            _print_rules(form)
            return
        from picograph.queries.synthesis.pictures import format_of

        for path in filter(None, (forest, funnel)):
            format_of(path)
        with open_store(store, update_endpoint) as opened:
            pooled = _pooled(opened, name, options)
        _print(pooled, default_format(form))
        if pooled.summary is not None:
            _draw(pooled, name, forest, funnel)
        elif forest or funnel:
            say("Nothing was drawn: nothing can be pooled.")

    return run


def _pooled(store: Any, name: str, options: dict[str, Any]) -> "Pooled":
    from picograph.queries import catalog
    from picograph.queries.ask import ask
    from picograph.queries.synthesis.candidates import candidates, paired, parse_time, selected
    from picograph.queries.synthesis.poolability import assess
    from picograph.queries.synthesis.pooled import Options
    from picograph.queries.synthesis.pooling import pool
    from picograph.queries.synthesis.rules import check_allowed

    asked_for = catalog.question(name).parameters
    own: dict[str, Any] = {
        key: None if key in asked_for else options.pop(key)
        for key in ("measure", "method", "knapp_hartung", "level", "outcome", "category", "statistic", "time",
                    "comparator", "subgroup", "moderators", "leave_one_out", "cumulative", "allow")
    }  # fmt: skip
    check_allowed(own["allow"])
    measure = _MEASURES.get(own["measure"] or "")
    time = parse_time(own["time"]) if own["time"] else None
    found = candidates(store, ask(store, name, **options))
    found = selected(found, own["outcome"], own["category"], own["statistic"], time)
    if measure in _CONTRASTS or own["comparator"] or own["method"] in ("MH", "Peto"):
        found = paired(found, own["comparator"])
    return pool(
        assess(found, own["allow"]),
        Options(
            measure=measure,
            method=own["method"],
            knapp_hartung=own["knapp_hartung"],
            level=own["level"] / 100,
            subgroup=own["subgroup"].casefold() if own["subgroup"] else None,
            moderators=tuple(each.casefold() for each in own["moderators"]),
            leave_one_out=own["leave_one_out"],
            cumulative=own["cumulative"],
        ),
    )


def _draw(pooled: "Pooled", name: str, forest: str | None, funnel: str | None) -> None:
    from picograph.queries.synthesis import forest as forest_plot
    from picograph.queries.synthesis import funnel as funnel_plot

    title = f"picograph pool {name}"
    if forest:
        forest_plot.draw(pooled, forest, title=title)
        say(f"Drawn: {forest}")
    if funnel:
        funnel_plot.draw(pooled, funnel, title=title)
        say(f"Drawn: {funnel}")


# --- printing -------------------------------------------------------------------------------------------------


def _member_rows(pooled: "Pooled") -> list[dict[str, Any]]:
    from picograph.queries.synthesis.forest import study_label

    return [
        {
            "study": each.candidate.study,
            "label": study_label(each),
            "estimate": each.estimate,
            "low": each.interval.low,
            "high": each.interval.high,
            "weight_percent": each.weight,
            "affected": each.candidate.affected,
            "at_risk": each.candidate.at_risk,
            "comparator_affected": each.candidate.comparator_affected,
            "comparator_at_risk": each.candidate.comparator_at_risk,
            "effect": each.effect,
            "variance": each.variance,
            "evidence": each.candidate.evidence,
        }
        for each in pooled.members
    ]


def _print(pooled: "Pooled", form: str) -> None:
    if form == "json":
        print_json(pooled)
    elif form == "table":
        _print_text(pooled)
    else:
        columns = columns_of(
            study="study", label="text", estimate="text", low="text", high="text", weight_percent="text",
            affected="integer", at_risk="integer", comparator_affected="integer", comparator_at_risk="integer",
            effect="text", variance="text", evidence="evidence",
        )  # fmt: skip
        print_rows(columns, _member_rows(pooled), form)
    if form not in ("table", "json"):
        all_of = len(pooled.refused) + len(pooled.members)
        if pooled.refused:
            say(f"Not pooled: {len(pooled.refused)} of {all_of} values; --format table or json says why.")
        elif not all_of:
            say("Nothing can be pooled.")
    if form != "table":
        tell(*_cautions(pooled))


def _cautions(pooled: "Pooled") -> list[str]:
    return [f"Caution: {each}" for each in pooled.cautions]


def _print_text(pooled: "Pooled") -> None:
    from picograph.queries.synthesis.report import refusal_lines, summary_lines, wrapped

    for line in refusal_lines(pooled, width()):
        out(line)
    for line in summary_lines(pooled, width()):
        out(line)
    for line in _cautions(pooled):
        say(*wrapped(line, width()))
