"""What the choices of the training recipe bring."""
