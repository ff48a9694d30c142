"""Pure and generic: who matches, who gets which arm."""
