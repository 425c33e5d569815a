"""Reads the lines of the programs on stdin, and prints what each language adds to a call in Rust."""

import json
import sys

times: dict[str, dict[str, float]] = {}
for line in sys.stdin:
    told = json.loads(line)
    times.setdefault(told["operation"], {})[told["language"]] = told["microseconds"]
if not times:
    sys.exit("nothing was measured")
languages = list(dict.fromkeys(language for each in times.values() for language in each))
print(f"{'median of a call on the mock':<30}" + "".join(f"{language:>24}" for language in languages))
for operation, each in times.items():
    cells = [f"{each[language]:.0f} us ({each[language] / each['rust']:.1f}x)" for language in languages]
    print(f"{operation:<30}" + "".join(f"{cell:>24}" for cell in cells))
