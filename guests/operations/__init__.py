"""Everything that is ever done to a guest. One file for each kind of deed; doors import the file they need."""
