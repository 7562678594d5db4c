"""Lists that come in: read (pure), plan (against the register), apply (one act). IMPORT.md is the law here."""
