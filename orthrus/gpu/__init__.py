"""Decoding on a GPU: a whole draft-verify cycle as one CUDA graph, without host synchronisation inside.

passes          the two passes as launches
cycle           draft, verify, accept and record as one sequence over buffers that never move
captured_pass   one pass as a graph, filled up to its width
single_passes   passes replayed one by one, for drafts that are no fixed sequence
device          the device interface: capture, replay, send, mark, wait
runner          the cache, the graphs and the replays in flight
support         whether captured kernels can run a model here, and whether its rows are bit-equal
memory_plan     memory, counted before anything is loaded
kernel_cache    which kernels are compiled into Triton's folder
datasheets      bandwidth, products, shared memory of known cards
cost            bytes, launches and floors of a step and a cycle
"""
