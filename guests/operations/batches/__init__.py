"""Deeds for many guests, carried out by workers in slices (R43, R54)."""
