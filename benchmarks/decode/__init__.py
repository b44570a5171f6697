"""What decoding costs on a CPU: speeds, passes, floors, and other engines beside ours."""
