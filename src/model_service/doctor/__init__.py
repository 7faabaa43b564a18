"""Find out what is wrong with a deployment, one check a line, each with its remedy."""
