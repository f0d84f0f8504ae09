"""A page of rows as a person reads it."""

import re


def cells(response):
    """The table as a person reads it: one list of words a row."""
    body = re.search(r"<tbody>(.*?)</tbody>", response.content.decode(), re.DOTALL)
    rows = re.findall(r"<tr.*?</tr>", body[1], re.DOTALL) if body else []
    return [[words_of(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in rows]


def words_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split()).replace(" ", "")


def ids(response):
    return re.findall(r'<tr id="row-([^"]+)"', response.content.decode())


def segments(response):
    return {segment.label: segment.count for segment, _ in response.context["segments"]}
