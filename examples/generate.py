"""An answer in one call, then the same model with options: `python -m examples.generate`."""

import sys

from orthrus import generate

prompt = sys.argv[1] if len(sys.argv) > 1 else "Solve 3x + 5 = 20."
print("greedy: ", generate(prompt, max_new_tokens=128))
print("sampled:", generate(prompt, max_new_tokens=128, temperature=0.8, seed=3))
