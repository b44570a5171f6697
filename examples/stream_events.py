"""Follow a run while it is decoded, a line per cycle: `python -m examples.stream_events`."""

import sys

from orthrus.checkpoints.loading import load_model
from orthrus.config import DecodeConfig
from orthrus.decoding.engine import decode
from orthrus.trace import Trace
from orthrus.trace.metrics import measure

prompt = sys.argv[1] if len(sys.argv) > 1 else "Solve 3x + 5 = 20."
trace = Trace()
for event in decode(load_model(), prompt, DecodeConfig(max_new_tokens=128)):
    trace = trace.add(event)  # a new trace each time; an event that cannot follow is refused
    if event.type == "verdict":
        print(f"cycle {event.cycle}: {event.n_accept} proposals accepted, {event.n_commit} tokens committed")

print(trace.text)
print(f"{measure(trace).tpf:.2f} tokens per forward pass")
