"""Ask a running page from another program: `python -m examples.client_of_the_page http://127.0.0.1:7860`."""

import sys

from gradio_client import Client

address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860"
prompt = "Solve 3x + 5 = 20."
client = Client(address, verbose=False)

for event in client.submit(prompt, 64, api_name="/decode_events"):
    if event["type"] == "verdict":
        print(f"cycle {event['cycle']}: {event['n_accept']} proposals accepted")

answer = client.predict(prompt, 64, api_name="/lossless_check")
print(f"{answer['verdict']}: {answer['tokens_identical']} of {answer['tokens_compared']} tokens identical")
