"""What is deployed: the one tree that the image and the ZIP are made of. A tool for building; no function needs it."""
