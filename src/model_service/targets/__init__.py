"""Several targets behind one alias: a call is tried at one after the other, in its deadline, and paid for once."""
