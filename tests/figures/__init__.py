"""How a checkout reads, in figures: `make figures`, and what tests/test_architecture.py holds to."""
