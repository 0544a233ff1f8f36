"""Jupyter's own suite against the kernel, through the kernelspec that `npulab kernel install` writes.

    npm run build && PYTHON test/rig/kernel_test.py

Needs jupyter_kernel_test from pip. Prints one line per test, as the other rigs do.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PREFIX = tempfile.mkdtemp(prefix="npulab-suite-")
os.environ["JUPYTER_PATH"] = str(Path(PREFIX) / "share" / "jupyter")
os.environ["NPULAB_HISTORY"] = str(Path(PREFIX) / "history.jsonl")

try:
    import jupyter_kernel_test
except ImportError as error:
    print(f"skipped: jupyter_kernel_test is not installed ({error})")
    sys.exit(0)


class NpulabKernel(jupyter_kernel_test.KernelTests):
    kernel_name = "npulab"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('oh')"
    completion_samples = [
        {"text": "Math.ab", "matches": {"abs"}},
        {"text": "const word = 'a'; word.toLowerC", "matches": {"toLowerCase"}},
    ]
    complete_code_samples = ["1", "const f = (n: number) => n * 2", "for (const x of [1]) {\n  x;\n}\n"]
    incomplete_code_samples = ["const text = `from here", "class Net {\n  size = 3", "[1, 2,"]
    invalid_code_samples = ["let = ;;)", "import = 7q"]
    code_page_something = ""
    code_generate_error = "throw new RangeError('planned')"
    code_execute_result = [
        {"code": "1 + 2 + 3", "result": "6"},
        {"code": "[1, 2].map((n) => n * n)", "result": "[ 1, 4 ]"},
    ]
    code_display_data = [
        {"code": "import * as tslab from 'tslab'; tslab.display.html('<b>b</b>')", "mime": "text/html"},
        {"code": "display(new Float32Array([1, 2]))", "mime": "text/html"},
    ]
    code_history_pattern = "1 ? 2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "Math.max"
    code_clear_output = "import * as shown from 'tslab'; shown.display.clear({ wait: true })"


class Lines(unittest.TestResult):
    """Says each outcome in the words that people read and `.ci/run` counts."""

    def addSuccess(self, test):
        print(f"ok   {test.id().split('.')[-1]}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"skipped: {test.id().split('.')[-1]}: {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        print(f"FAIL {test.id().split('.')[-1]}: {err[1]!r}")

    def addError(self, test, err):
        super().addError(test, err)
        print(f"FAIL {test.id().split('.')[-1]}: {err[1]!r}")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            print(f"FAIL {subtest.id().split('.')[-1]}: {err[1]!r}")


def main():
    cli = str(REPOSITORY / "dist" / "cli" / "main.js")
    subprocess.run(["node", cli, "kernel", "install", "--prefix", PREFIX], check=True, stdout=subprocess.DEVNULL)
    outcome = Lines()
    try:
        unittest.defaultTestLoader.loadTestsFromTestCase(NpulabKernel).run(outcome)
    finally:
        shutil.rmtree(PREFIX, ignore_errors=True)
    wrong = len(outcome.failures) + len(outcome.errors)
    print("all hold" if wrong == 0 else f"{wrong} failed")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
