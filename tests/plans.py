"""What the database really did for a statement, where times would depend on the machine."""

import json

from django.db import connection


def loops_on(table, statement):
    """How often each scan of `table` in the plan of a SELECT was begun, outer scans first."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        ((plan,),) = cursor.fetchall()
    return _loops(table, (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])


def _loops(table, node):
    own = [node["Actual Loops"]] if node.get("Relation Name") == table else []
    return own + [loops for child in node.get("Plans", []) for loops in _loops(table, child)]
