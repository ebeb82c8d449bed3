"""`xiaoer sop lint` and `schema`: what a file may say, and whether it does."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from bot.cli_sop.desk import PROBLEM, as_json_option, print_json, say, settings
from bot.i18n import _
from bot.sop.capabilities import capabilities_of, signature_of
from bot.sop.codes import fix_of
from bot.sop.json_schema import json_schema
from bot.sop.lint import checked, lint
from bot.sop.lint_library import lint_library


@click.command("lint")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@as_json_option
def lint_(paths: tuple[Path, ...], as_json: bool) -> None:
    """Check SOP files, or all of them; exits 1 when there is an error, 2 for a path that is not there."""
    found = settings()
    for path in (path for path in paths if not path.exists()):
        raise click.UsageError(_("there is no file or folder {path}").format(path=path))
    asked = list(paths) or [found.sops]
    findings = lint(asked, found.sops, found.media, capabilities_of(found), signature=signature_of(found))
    findings = sorted({*findings, *lint_library(asked, found.sops, found.zone)})
    if as_json:
        print_json([{**asdict(finding), "fix": fix_of(finding.code)} for finding in findings])
    else:
        say(f"{finding} → {fix_of(finding.code)}" for finding in findings)
    errors = sum(finding.level == "error" for finding in findings)
    sentence = _("{files} files looked at: {errors} errors, {warnings} warnings")
    told = sentence.format(files=len(checked(asked)), errors=errors, warnings=len(findings) - errors)
    click.echo(told, err=True)
    sys.exit(PROBLEM if errors else 0)


@click.command("schema")
def schema_() -> None:
    """Print the language as JSON Schema, for editors."""
    settings()
    print_json(json_schema())
