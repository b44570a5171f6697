"""Decoding on a GPU: the whole cycle as kernel launches that ask the host nothing, held in one CUDA graph.

passes          the two passes as launches
cycle           draft, verify, accept and record as one sequence over buffers that never move
device          what a GPU must do for it: capture, replay, send, mark, wait
runner          cache, graphs and the replays in flight
support         whether a model on this device can be run so, and whether its rows are bit-equal
memory_plan     memory, counted before anything is loaded
kernel_cache    which kernels are compiled into Triton's folder
datasheets      bandwidth, products, shared memory of known cards
cost            bytes, launches and floors of a step and a cycle
"""
