// Placeholder, replaced by the first change to this target.
