"""The local stack: real servers, real processes, real signals."""
