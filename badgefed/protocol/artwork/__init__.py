"""The parts from which generated badge pictures are composed: colour, lettering, shapes, patterns, emblems."""
