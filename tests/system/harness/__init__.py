"""What the plays in tests/system are made of: real programs, real sockets, honest clients."""
